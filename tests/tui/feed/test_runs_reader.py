"""The real runs of a folder: read again and again at little cost, one of them followed."""

import os
import shutil
import threading
import time

import pytest
from support.logs import NOW, epoch_ended, losses, run_with, started
from support.processes import PATIENCE_SECONDS
from support.tiny_runs import tiny_config, tiny_trainer, weights_of

from vae_tui.image_shape import DEFAULT_SHAPE
from vae_tui.run.events import RunEnded, SettingChanged, encode
from vae_tui.run.files import append
from vae_tui.run.log.log_progress import LogProgress
from vae_tui.run.progress import Progress
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import RunFollower, summarise
from vae_tui.training.checkpoint import save_weights
from vae_tui.tui.feed.runs_reader import RunsFolder
from vae_tui.tui.messages import OverlayAdvanced, OverlayFailed, RunsListed

FINISHED = RunEnded(time=NOW, step=12, reason="finished")


class Listener:
    """Keeps what a thread sends."""

    def __init__(self, work):
        self.received = []
        self.leave = threading.Event()
        self.thread = threading.Thread(target=work, args=(self.received.append, self.leave))
        self.thread.start()

    def until(self, condition, seconds=PATIENCE_SECONDS):
        deadline = time.monotonic() + seconds
        while not (self.received and condition(self.received[-1])):
            assert time.monotonic() < deadline, self.received[-3:]
            time.sleep(0.01)
        return self.received[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


def rows_of(message):
    assert isinstance(message, RunsListed)
    return {row.path.name: row for row in message.runs.rows}


def test_the_list_is_what_the_command_lists_and_follows_what_happens(tmp_path):
    old = run_with(tmp_path, started(), epoch_ended(1, 120.0), FINISHED)
    new = run_with(tmp_path, started(), losses(3), beta=4.0)
    os.utime(old.path / "config.json", (NOW, NOW))
    folder = RunsFolder(tmp_path, old.path)
    with Listener(folder.follow) as listener:
        first = listener.until(lambda message: message.runs.is_whole)
        assert [row.path for row in first.runs.rows] == [new.path, old.path]
        assert first.runs.attached == old.path
        assert [row.summary.state for row in first.runs.rows] == ["lost", "finished"]
        assert first.runs.rows[0].summary.beta == 4.0
        append(new.events, encode(epoch_ended(1, 90.0)))
        created = run_with(tmp_path, started())
        later = listener.until(lambda message: len(message.runs.rows) == 3)
        assert created.name in rows_of(later)
        listener.until(lambda message: rows_of(message)[new.name].summary.test_loss == 92.0)
        shutil.rmtree(created.path)
        listener.until(lambda message: len(message.runs.rows) == 2)


def test_a_broken_run_is_named_with_its_file_and_the_others_are_read(tmp_path):
    good = run_with(tmp_path, started(), FINISHED)
    bad = run_with(tmp_path, started(), losses(3))
    (bad.path / "config.json").write_text("{\n")
    odd = tmp_path / "odd\x1b[2J"
    odd.mkdir()
    (odd / "config.json").write_bytes(b"\xff\x00")
    os.mkfifo(odd / "events.jsonl")
    with Listener(RunsFolder(tmp_path, good.path).follow) as listener:
        rows = rows_of(listener.until(lambda message: message.runs.is_whole))
    assert rows[good.name].wrong == ""
    assert rows[bad.name].wrong.startswith("config.json cannot be read: not JSON")
    assert rows[odd.name].wrong.startswith("config.json cannot be read")
    assert all(row.wrong.isprintable() for row in rows.values())


def test_a_run_on_the_screen_is_known_by_whatever_way_it_was_opened(tmp_path):
    run = run_with(tmp_path / "runs", started(), FINISHED)
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    folder = RunsFolder(tmp_path / "runs", tmp_path / "link" / run.name)
    with Listener(folder.follow) as listener:
        assert listener.until(lambda message: message.runs.is_whole).runs.attached == run.path


def test_a_follower_reads_what_is_new_to_the_same_end_as_one_that_reads_all(tmp_path):
    happened = [
        started(), epoch_ended(0, 500.0), losses(3), epoch_ended(1, 120.0), losses(9),
        SettingChanged(time=NOW, step=6, name="beta", old=1, new=2, command_id="y"),
        SettingChanged(time=NOW, step=9, name="beta", old=2, new=3, command_id="z"),
        SettingChanged(time=NOW, step=9, name="lr", old=1, new=0.5, command_id="x"),
        epoch_ended(2, 110.0), started(step=6), epoch_ended(2, 100.0), FINISHED,
    ]  # fmt: skip
    run = run_with(tmp_path)
    known = RunFollower(run)
    for event in happened:
        append(run.events, encode(event))
        assert str(known.summarise(lambda: NOW)[0]) == str(summarise(run, lambda: NOW))
    found, _ = known.summarise(lambda: NOW)
    assert (found.beta, found.lr, found.best_test_loss) == (2.0, 1.0, 102.0)
    run.events.write_bytes(b"".join(map(encode, [started(), epoch_ended(1, 77.0)])))
    assert known.summarise(lambda: NOW)[0].test_loss == 79.0
    assert known.summarise(lambda: NOW)[0].state == "lost"


def test_a_log_in_which_nothing_is_new_is_not_opened_again(tmp_path):
    run = run_with(tmp_path, started(), losses(3))
    log = LogProgress(run.events, Progress(run.name, run.config()))
    log.read()
    was_read = run.events.stat().st_atime_ns
    status = run.events.stat()
    run.events.write_bytes(b"x" * status.st_size)  # what nothing refers to is not looked for
    os.utime(run.events, ns=(was_read, status.st_mtime_ns))
    log.read()
    assert log.progress.step == 3


def test_a_config_that_is_mended_is_read_again(tmp_path):
    run = run_with(tmp_path, started(), beta=3.0)
    config = (run.path / "config.json").read_text()
    (run.path / "config.json").write_text("{")
    known = RunFollower(run)
    assert known.summarise(lambda: NOW)[1]
    (run.path / "config.json").write_text(config)
    found, wrong = known.summarise(lambda: NOW)
    assert (found.beta, wrong) == (3.0, ())


def test_a_run_laid_over_is_followed_with_its_weights_until_it_is_taken_away(tmp_path):
    run = run_with(tmp_path, started(), losses(3), losses(4), beta=2.0)
    folder = RunsFolder(tmp_path, tmp_path / "other")
    with Listener(lambda post, leave: folder.overlay(run.path, post, leave)) as listener:
        listener.until(
            lambda message: (
                not message.overlay.run.unread
                and message.overlay.run.train.columns[0].tolist() == [3 / 6, 4 / 6]
            )
        )
        append(run.events, encode(losses(5)))
        listener.until(lambda message: len(message.overlay.run.train.columns[0]) == 3)
        assert listener.received[-1].overlay.network is None
        trainer = tiny_trainer(run.config())
        save_weights(run.weights, weights_of(trainer), 5, DEFAULT_SHAPE)
        received = listener.until(lambda message: message.overlay.network is not None)
        assert received.overlay.network.step == 5
        assert all(isinstance(one, OverlayAdvanced) for one in listener.received)
        assert all(one.overlay.path == run.path for one in listener.received)


@pytest.mark.parametrize("what", ["gone", "empty", "damaged"])
def test_what_cannot_be_opened_is_said_in_a_line(tmp_path, what):
    run = create(tmp_path, "x\u0301run"[-3:], tiny_config())
    if what == "damaged":
        (run.path / "config.json").write_text("{")
    else:
        (run.path / "config.json").unlink()
    if what == "gone":
        run.path.rmdir()
    folder, received = RunsFolder(tmp_path, run.path), []
    why = folder.open_refusal(run.path)
    assert why.startswith(f"{run.name} ")
    folder.overlay(run.path, received.append, threading.Event())
    assert received == [OverlayFailed(run.path, why)]


def test_a_damaged_run_with_something_to_show_can_be_opened(tmp_path):
    run = run_with(tmp_path, started(), losses(3))
    (run.path / "config.json").write_text("{")
    assert RunsFolder(tmp_path, run.path).open_refusal(run.path) == ""


def test_a_run_attached_by_its_path_has_the_runs_of_its_folder(tmp_path):
    elsewhere = run_with(tmp_path / "elsewhere", started(), FINISHED)
    run_with(tmp_path / "runs", started(), FINISHED)
    folder = RunsFolder(tmp_path / "runs", elsewhere.path)
    with Listener(folder.follow) as listener:
        message = listener.until(lambda message: message.runs.is_whole)
    assert [row.path for row in message.runs.rows] == [elsewhere.path]
    assert message.runs.folder == str(tmp_path / "elsewhere")


def test_a_preview_has_the_newest_weights_or_says_why_not(tmp_path):
    run = run_with(tmp_path, started(), FINISHED)
    folder, received = RunsFolder(tmp_path, run.path), []
    folder.preview(run.path, received.append)
    assert received[-1].preview.network is None
    assert "weights.safetensors" in received[-1].preview.why_not
    config = tiny_config()
    save_weights(run.weights, weights_of(tiny_trainer(config)), 5, DEFAULT_SHAPE)
    folder.preview(run.path, received.append)
    assert received[-1].preview.network.step == 5


def test_a_run_was_trained_as_long_as_its_trainers_reported(tmp_path):
    happened = [
        started(at=NOW), losses(3, at=NOW + 20), epoch_ended(1, 120.0, at=NOW + 50),
        started(step=6, at=NOW + 9_000), epoch_ended(2, 110.0, at=NOW + 9_030),
    ]  # fmt: skip
    run = run_with(tmp_path, *happened)
    summary = summarise(run, lambda: NOW + 9_031)
    assert (summary.started, summary.seconds) == (NOW, 80.0)
    assert summary.losses == (122.0, 112.0)

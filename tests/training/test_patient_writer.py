"""Writes into a run folder whose disk is full for a while."""

import errno
import os
from types import SimpleNamespace

import pytest
from support.logs import losses
from support.real_runs import logged_events
from support.tiny_runs import TINY, kinds

from vae_tui.errors import VaeTuiError
from vae_tui.run.runs_folder import create
from vae_tui.training.patient_writer import PatientWriter, record_failure


class Disk:
    """Fails writes with an error while ``error`` is set."""

    def __init__(self, tmp_path) -> None:
        self.run = create(tmp_path, "run", TINY)
        self.error = 0
        self.waits = 0
        self.written = 0
        self.is_stop_requested = False
        self.freed_after: int | None = None
        self.was_reserved: list[bool] = []
        self.trainer = SimpleNamespace(step=9, saved_step=7, is_paused=False)
        self.writer = PatientWriter(
            self.run, self.trainer, lambda: self.is_stop_requested, self.wait
        )

    def write(self) -> None:
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        self.written += 1

    def wait(self) -> None:
        self.waits += 1
        self.was_reserved.append(self.run.reserve.exists())
        assert self.waits < 10, "it waits for ever"
        if self.waits == self.freed_after:
            self.error = 0


@pytest.fixture
def disk(tmp_path) -> Disk:
    return Disk(tmp_path)


def test_an_event_that_may_be_lost_waits_for_no_disk(disk):
    disk.writer.append_if_possible(losses(1))
    disk.run.events.rename(disk.run.events.with_suffix(".moved"))
    disk.run.events.mkdir()  # may not be written
    disk.writer.append_if_possible(losses(2))
    assert disk.waits == 0
    disk.run.events.rmdir()
    disk.run.events.with_suffix(".moved").rename(disk.run.events)
    disk.writer.append_if_possible(losses(3))
    assert [event.step for event in logged_events(disk.run)] == [1, 3]


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EFBIG, "the disk is full for this process (ulimit -f)"),
        (errno.EROFS, "the run folder is read-only"),
        (errno.EACCES, "the run folder may not be written"),
        (errno.EIO, "the disk fails"),
    ],
)
def test_a_write_is_repeated_until_it_succeeds_and_the_pause_is_reported_once(
    disk, capfd, number, why
):
    disk.error, disk.freed_after = number, 3
    disk.writer.write(disk.write)
    assert (disk.waits, disk.written) == (3, 1)
    paused, resumed = logged_events(disk.run)
    assert kinds([paused, resumed]) == ["Paused", "Resumed"]
    assert (paused.step, paused.why) == (9, f"{why}: training waits and continues when it can save")
    assert capfd.readouterr().err.count('"event":"paused"') == 1  # in trainer.log too


def test_a_run_that_was_paused_is_still_paused_when_the_disk_has_room_again(disk):
    disk.trainer.is_paused = True
    disk.error, disk.freed_after = errno.ENOSPC, 1
    disk.writer.write(disk.write)
    *_, last = logged_events(disk.run)
    assert (kinds([last]), last.why) == (["Paused"], "")


def test_reserved_room_is_free_for_the_report_of_a_full_disk_and_is_reserved_again(disk):
    disk.writer.reserve_space()
    assert disk.run.reserve.stat().st_size == 1 << 16
    disk.error, disk.freed_after = errno.ENOSPC, 2
    disk.writer.write(disk.write)
    assert disk.was_reserved[0] is False
    assert disk.run.reserve.stat().st_size == 1 << 16
    disk.writer.release_space()
    assert not disk.run.reserve.exists()


def test_a_stop_ends_the_waiting_and_says_what_is_saved_and_how_to_continue(disk):
    disk.error, disk.is_stop_requested = errno.ENOSPC, True
    with pytest.raises(VaeTuiError) as raised:
        disk.writer.write(disk.write)
    assert str(raised.value) == (
        f"the disk is full ({disk.run.path}): stopped at step 9, saved at step 7; "
        f"fix that, then: vae-tui resume {disk.run.path}"
    )
    assert (disk.waits, disk.written) == (0, 0)


def test_another_error_is_not_waited_for(disk):
    disk.error = errno.ENOENT
    with pytest.raises(FileNotFoundError):
        disk.writer.write(disk.write)
    assert (disk.waits, logged_events(disk.run)) == (0, [])


def test_an_event_is_appended_and_so_is_a_failure_in_the_room_that_was_reserved(disk):
    disk.writer.reserve_space()
    disk.writer.append(losses(9))
    record_failure(disk.run, 9, "why")
    *_, last = logged_events(disk.run)
    assert kinds(logged_events(disk.run)) == ["LossesMeasured", "RunEnded"]
    assert (last.step, last.reason, last.message) == (9, "failed", "why")
    assert not disk.run.reserve.exists()

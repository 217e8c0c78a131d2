"""What is stored about a run that a user has seen."""

import dataclasses
import json
import math
import os

import pytest
from support.logs import NOW, run_with, started
from support.tiny_runs import TINY

from vae_tui.run.events import encode
from vae_tui.run.last_seen import MOST_RECORDS, LastSeenStore, Seen
from vae_tui.run.runs_folder import create

SEEN = Seen(NOW, "running", 18, 3.0, 108.3, 100)


@pytest.mark.parametrize("best", [108.3, math.nan])
def test_what_was_seen_is_known_again(tmp_path, best):
    run = run_with(tmp_path / "runs", started())
    seen = dataclasses.replace(SEEN, best_test_loss=best)
    LastSeenStore(run, tmp_path / "state").keep(seen)
    assert repr(LastSeenStore(run, tmp_path / "state").load()) == repr(seen)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert sorted(file.name for file in run.path.iterdir()) == ["config.json", "events.jsonl"]


def test_another_run_at_the_same_place_has_not_been_seen(tmp_path):
    run = run_with(tmp_path / "runs", started())
    LastSeenStore(run, tmp_path / "state").keep(SEEN)
    run.events.write_bytes(encode(started(at=NOW + 9)))
    assert LastSeenStore(run, tmp_path / "state").load() is None


def test_a_run_that_has_not_said_a_word_leaves_no_record(tmp_path):
    run = create(tmp_path / "runs", "run", TINY)
    LastSeenStore(run, tmp_path / "state").keep(SEEN)
    assert LastSeenStore(run, tmp_path / "state").load() is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"time": []}', "9" * 9_000, '{"time": 1e999}', "[" * 4_000]
    + [json.dumps({**dataclasses.asdict(SEEN), "step": wrong}) for wrong in ("x", None, {})],
)
def test_a_damaged_record_is_none(tmp_path, text):
    run = run_with(tmp_path / "runs", started())
    record = LastSeenStore(run, tmp_path / "state")
    record.keep(SEEN)
    (file,) = (tmp_path / "state").iterdir()
    file.write_text(text)
    assert record.load() is None


def test_where_nothing_can_be_kept_nothing_happens(tmp_path):
    (tmp_path / "file").write_text("no folder")
    run = run_with(tmp_path / "runs", started())
    record = LastSeenStore(run, tmp_path / "file" / "state")
    record.keep(SEEN)
    assert record.load() is None


def test_records_do_not_pile_up(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    for number in range(MOST_RECORDS + 20):
        (state / f"{number}.json").touch()
        os.utime(state / f"{number}.json", (number, number))
    LastSeenStore(run_with(tmp_path / "runs", started()), state).keep(SEEN)
    left = {file.name for file in state.iterdir()}
    assert len(left) == MOST_RECORDS
    assert "0.json" not in left and f"{MOST_RECORDS + 19}.json" in left


def test_a_pipe_in_place_of_the_log_is_never_read(tmp_path):
    run = create(tmp_path / "runs", "run", TINY)
    os.mkfifo(run.events)
    pipe = os.open(run.events, os.O_RDWR)
    os.write(pipe, b"a line\n" * 9)  # so that reading it would not block this test
    try:
        LastSeenStore(run, tmp_path / "state").keep(SEEN)
    finally:
        os.close(pipe)
    assert not (tmp_path / "state").exists() or not any((tmp_path / "state").iterdir())

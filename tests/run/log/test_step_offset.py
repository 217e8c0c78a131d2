"""Where the events of a step begin in a log with resumes, failures and torn lines."""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.logs import losses, started
from support.real_runs import in_force
from support.run_events import ended, machine_measured

from vae_tui.run.events import Event, SettingChanged, WeightsSaved, decode, encode
from vae_tui.run.log.step_offset import offset_of_step

TORN = b'{"event":"losses_measured","time":1.0,"step":5\n'


def read(log: bytes) -> list[Event]:
    found = []
    for line in log.splitlines():
        with contextlib.suppress(ValueError):
            found.append(decode(line))
    return [event for event in found if event is not None]


@st.composite
def logs(draw: Callable) -> bytes:
    """Draw the log of several trainers: each begins at a step that an earlier one reached."""
    log, reached = b"", 0
    for _ in range(draw(st.integers(1, 5))):
        step = draw(st.integers(0, reached))
        log += encode(started(step))
        for kind in draw(st.lists(st.sampled_from(["chunk", "set", "saved", "torn"]), max_size=8)):
            before, step = step, step + draw(st.integers(1, 9)) * (kind in {"chunk", "set"})
            if kind in {"chunk", "set"}:
                log += encode(machine_measured(step))
            if kind == "set":
                change = {"name": "beta", "old": 1.0, "new": 2.0, "command_id": "a"}
                log += encode(SettingChanged(time=1.0, step=before, **change))
            if kind in {"chunk", "set"}:
                log += encode(losses(step))
            if kind == "saved":
                log += encode(WeightsSaved(time=1.0, step=step, path="weights.safetensors"))
            log += TORN if kind == "torn" else b""
        reached = max(reached, step)
        if draw(st.booleans()):
            log += encode(ended("stopped", step=step))
        if draw(st.booleans()):  # resumed where it cannot train
            log += encode(ended("failed", step=0))
    return log


@given(log=logs(), since=st.integers(-1, 99), block=st.integers(1, 2_000))
def test_no_event_in_force_of_the_step_or_later_is_before_the_offset(log, since, block):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        path.write_bytes(log)
        offset = offset_of_step(path, since, block)
    assert offset == 0 or log[offset - 1 : offset] == b"\n"
    rest = [event for event in in_force(read(log[offset:])) if event.step >= since]
    assert rest == [event for event in in_force(read(log)) if event.step >= since]


def test_of_a_long_log_only_the_end_is_after_the_offset(tmp_path):
    log = tmp_path / "events.jsonl"
    lines = [encode(started()), *(encode(losses(step)) for step in range(1, 20_000))]
    log.write_bytes(b"".join(lines))
    assert log.stat().st_size > 2 << 20
    for since in (19_999, 19_000, 9_000, 2):
        assert log.read_bytes()[offset_of_step(log, since) :] == b"".join(lines[since - 1 :])


def test_for_all_events_the_log_is_not_opened(tmp_path):
    assert offset_of_step(tmp_path, 0) == 0
    with pytest.raises(OSError, match="is not a regular file"):
        offset_of_step(tmp_path, 1)


def test_a_log_that_is_missing_or_is_a_hole_has_the_offset_0(tmp_path):
    log = tmp_path / "events.jsonl"
    assert offset_of_step(log, 9) == 0
    with log.open("wb") as file:
        file.write(encode(losses(3)))
        file.truncate(1 << 32)
    assert offset_of_step(log, 9) == 0

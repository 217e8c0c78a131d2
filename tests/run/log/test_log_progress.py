"""What a long log adds up to, most of its lines unread."""

import math
import re
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st
from support.logs import epoch_ended, losses, started
from support.run_events import machine_measured
from support.tiny_runs import TINY

from vae_tui.run.events import (
    Event,
    Paused,
    Resumed,
    RunEnded,
    SettingChanged,
    WeightsSaved,
    decode,
    encode,
)
from vae_tui.run.folder import Run
from vae_tui.run.log.log_progress import LogProgress, lines_that_count
from vae_tui.run.progress import Progress, advance
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import RunFollower

EMPTY = Progress("a run", TINY, epochs=TINY.epochs)


def event(kind: str, number: int) -> Event:
    """Return an event of a kind at about step ``number``, as a log holds it."""
    when = {"time": 1e9 + number, "step": number}
    made = {
        "losses": lambda: replace(losses(number), **when),
        "machine": lambda: replace(machine_measured(number), **when),
        "saved": lambda: WeightsSaved(**when, path="weights.safetensors"),
        "test": lambda: replace(epoch_ended(number, 100.0 - number % 7), **when),
        "start": lambda: replace(started(max(number - 3, 0)), time=when["time"]),
        "set": lambda: SettingChanged(**when, name="beta", old=1.0, new=number, command_id=""),
        "paused": lambda: Paused(**when),
        "resumed": lambda: Resumed(**when),
        "end": lambda: RunEnded(**when, reason="stopped"),
    }[kind]()
    read = decode(encode(made))
    assert read is not None
    return read


KINDS = (
    *("losses", "losses", "losses", "machine", "saved", "test", "test"),
    *("start", "set", "paused", "resumed", "end"),
)


@given(st.lists(st.sampled_from(KINDS), max_size=60))
@example(["paused", "losses", "test", "losses"])
def test_lines_left_out_change_nothing(kinds):
    happened = [event("start", 0), *(event(kind, n) for n, kind in enumerate(kinds))]
    block = b"".join(map(encode, happened))
    whole, part = EMPTY, EMPTY
    for one in happened:
        whole = advance(whole, one)
    for line in lines_that_count(block):
        found = decode(line)
        assert found is not None
        part = advance(part, found)
    assert repr(part) == repr(whole)
    assert part.test_losses(100) == whole.test_losses(100)


def test_of_many_losses_between_tests_few_are_decoded():
    block = b"".join(
        encode(event("test" if n % 100 == 0 else "losses", n)) for n in range(1, 5_000)
    )
    kept = list(lines_that_count(block))
    assert sum(b"losses_measured" in line for line in kept) == 2
    assert sum(b"epoch_ended" in line for line in kept) == 49


def test_lines_in_another_spelling_and_lines_that_are_none_are_left_to_the_reader():
    lines = [b'{"event": "losses_measured"}', b"", b"{torn", b'{"event":"a_new_kind"}']
    assert list(lines_that_count(b"\n".join(lines) + b"\n")) == lines
    assert list(lines_that_count(b"")) == []


MOST = 1 << 24


def too_long_a_log(run: Run) -> None:
    """Write a log of twice ``MOST`` bytes with the best test in its middle."""
    line = encode(event("losses", 1))
    half = line * (MOST // len(line))
    best = encode(replace(epoch_ended(7, 1.0), step=7))
    tests = encode(event("test", 6)), encode(event("test", 12))
    run.events.write_bytes(b"".join((encode(started()), tests[0], half, best, half, tests[1])))


def test_of_a_log_that_is_too_long_the_beginning_and_the_end_are_read(tmp_path):
    run = create(tmp_path, "run", TINY)
    too_long_a_log(run)
    log, whole = LogProgress(run.events, EMPTY, MOST), LogProgress(run.events, EMPTY)
    progress = log.read()
    assert log.skipped_bytes > MOST
    assert (progress.tested, progress.began) == (event("test", 12), started().time)
    assert len(progress.test_losses(9)) == 2
    assert (whole.read().best_test_loss, whole.skipped_bytes) == (3.0, 0)
    with run.events.open("ab") as file:
        file.write(encode(event("losses", 13)))
    assert log.read().step == 13
    run.events.write_bytes(encode(started()) + encode(event("losses", 2)))
    assert (log.read().step, log.skipped_bytes) == (2, 0)


def test_a_summary_of_a_log_that_is_too_long_names_what_it_does_not_know(tmp_path):
    run = create(tmp_path, "run", TINY)
    too_long_a_log(run)
    row, (problem,) = RunFollower(run, longest_log=MOST).summarise()
    assert (row.step, row.losses) == (12, ())
    assert math.isfinite(row.test_loss)
    assert math.isnan(row.best_test_loss + row.seconds)
    assert re.search(r"events.jsonl is too long to read all of it: 3\dMB in its middle", problem)
    row, problems = RunFollower(run).summarise()
    assert (row.best_test_loss, problems) == (3.0, ())

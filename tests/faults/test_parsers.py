"""Whatever the lines and files say, those who read them return something or say why not."""

import json
import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.explored_runs import explored_run
from support.hostile_tensors import some_tensors
from support.hostile_text import (
    STEERING,
    a_config,
    a_log,
    hostile_value,
    lines_of_commands,
    lines_of_events,
)
from support.tiny_runs import TINY, tiny_config

from vae_tui.cli.headless import LineFormatter
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.model import load_network
from vae_tui.model.probe import load_probe
from vae_tui.run import commands, events
from vae_tui.run.config import RunConfig, from_json, to_json
from vae_tui.run.files import LineTail, read_lines
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import summarise
from vae_tui.text import duration, printable
from vae_tui.tui.state.notice import notice_of
from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.widgets.frame.status import status_of

SEEDS = st.integers(0, 2**32)
NOW = 1_000_000.0


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_whatever_can_be_read_of_a_log_can_be_written_and_shown(seed):
    view = RunView("run", TINY, live=bool(seed % 2), epochs=3)
    formatter = LineFormatter(TINY)
    for line in a_log(lines_of_events(), random.Random(seed)).splitlines():
        try:
            event = events.decode(line)
        except ValueError:
            continue
        if event is None:
            continue
        assert formatter.line(event).isprintable()
        view = advance(view, [event])
        state = view.state(NOW)
        notice = notice_of(view, state, NOW, resume="p", leave="q", control=True)
        assert len(printable(" · ".join(notice))) < 3_000
        parts = status_of(view, NOW, "", link="", link_is_slow=False, unicode=True)
        assert all(part.plain.isprintable() for part in parts)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_a_log_of_anything_is_one_row(tmp_path_factory, seed):
    folder = tmp_path_factory.mktemp("runs")
    run = create(folder, "run", TINY)
    run.events.write_bytes(a_log(lines_of_events(), random.Random(seed)))
    row = summarise(run, lambda: NOW)
    assert math.isfinite(row.epoch)
    assert 0 <= row.step < 2**63


@given(st.binary() | st.text().map(lambda text: json.dumps(text).encode()))
@example(b'{"command":"set","value":' + b"9" * 4_000 + b"}")
@example(b'{"command":"set","id":' + b"[" * 990 + b"]" * 990 + b"}")
@example(b'{"command":"set","setting":' + b"[" * 500 + b"]" * 500 + b"}")
def test_a_line_that_is_no_command_is_refused(line):
    try:
        wish = commands.decode(line)
    except ValueError:
        return
    assert max(map(len, (wish.command, wish.setting, wish.id))) <= 40


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_a_command_of_any_fields_is_refused_in_words_or_can_be_obeyed(seed):
    for line in a_log(lines_of_commands(), random.Random(seed)).splitlines():
        try:
            wish = commands.decode(line)
            commands.check(wish)
        except (ValueError, UsageError):
            continue
        assert math.isfinite(wish.value)


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_a_config_of_anything_is_a_config_or_refused_in_words(seed):
    text = a_config(to_json(TINY).encode(), random.Random(seed))
    try:
        config = from_json(text.decode("utf-8"))
    except (UsageError, UnicodeDecodeError) as error:
        assert len(str(error)) < 300 or isinstance(error, UnicodeDecodeError)
    else:
        assert isinstance(config, RunConfig)


@pytest.fixture(scope="module")
def good_tensors(tmp_path_factory) -> dict[Path, tuple[bytes, Callable[[Path], object]]]:
    """Return the content of a run's weights and of its probe, and what loads each."""
    run = explored_run(tmp_path_factory.mktemp("runs"))
    return {
        run.weights: (run.weights.read_bytes(), lambda path: load_network(path, tiny_config())),
        run.probe: (run.probe.read_bytes(), lambda path: load_probe(path, tiny_config())),
    }


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_weights_and_probes_of_anything_are_read_or_refused_by_name(good_tensors, seed):
    dice = random.Random(seed)
    for path, (good, load) in good_tensors.items():
        path.write_bytes(some_tensors(good, dice))
        try:
            load(path)
        except VaeTuiError as error:
            assert str(path) in str(error)
            assert len(str(error)) < 600


@given(SEEDS)
def test_values_are_glimpsed_not_printed_whole(seed):
    value = hostile_value(random.Random(seed))
    with pytest.raises(ValueError, match="run_ended") as raised:
        events.decode(
            json.dumps({"event": "run_ended", "time": 1, "step": [value], "reason": ""}).encode()
        )
    assert len(str(raised.value)) < 200


def test_a_line_without_an_end_is_passed_over_in_little_memory(tmp_path):
    path = tmp_path / "log"
    with path.open("wb") as file:
        for _ in range(100):
            file.write(b"x" * 1_000_000)  # data: a hole is passed over at once
        file.write(b"\n" + lines_of_events()[0])
    largest = 0
    found = []
    tail, before = LineTail(path), -1
    while tail.offset != before:
        before = tail.offset
        found += tail.read()
        largest = max(largest, tail.offset - before)
    assert largest <= 1 << 20
    assert found[-1] + b"\n" == lines_of_events()[0]


def test_a_million_empty_lines_are_passed_over(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"\n" * 1_000_000 + lines_of_events()[0])
    *empty, last = read_lines(path)
    assert not any(empty)
    assert last + b"\n" == lines_of_events()[0]


@pytest.mark.parametrize("seconds", [1e300, -1e300, 1e12])
def test_a_time_that_no_clock_shows_is_a_question_mark(seconds):
    assert duration(seconds) == "?"


@pytest.mark.parametrize("text", STEERING)
def test_no_text_of_a_stranger_steers_the_terminal(text):
    safe = printable(text)
    assert safe.isprintable()
    assert "\u0301" * 3 not in safe

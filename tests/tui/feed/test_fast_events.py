"""Blocks of the log: what they say is what their lines say one by one."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.run_events import CONFIG, NOW, STARTED, ended, losses, machine_measured
from support.run_events import tested as epoch_ended

from vae_tui.run import series
from vae_tui.run.events import Event, Paused, WeightsSaved, decode, encode
from vae_tui.tui.feed.fast_events import Wrong, decode_block
from vae_tui.tui.state.losses import LossRows
from vae_tui.tui.state.run_view import RunView, advance

EMPTY = RunView("a run", CONFIG, live=True, epochs=150)


def saved(step: int, path: str = "weights.safetensors") -> WeightsSaved:
    return WeightsSaved(time=NOW + step, step=step, path=path)


def one_by_one(block: bytes) -> tuple[list[Event], list[Wrong], int]:
    """Decode each line by itself."""
    happened, wrong = [], []
    lines = block.splitlines()
    for number, line in enumerate(lines, 1):
        try:
            event = decode(line)
        except ValueError as error:
            if line.strip():
                wrong.append(Wrong(number, str(error)))
        else:
            if event is not None:
                happened.append(event)
    return happened, wrong, len(lines)


def assert_same_view(one: RunView, other: RunView) -> None:
    """Compare all fields; the curves as they are drawn, but for rounding."""
    for field in dataclasses.fields(RunView):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if field.name in ("train", "test"):
            assert (mine.stride, len(mine.pending)) == (theirs.stride, len(theirs.pending))
            for column, other_column in zip(mine.columns, theirs.columns, strict=True):
                np.testing.assert_allclose(column, other_column, rtol=1e-9)
        else:
            assert repr(mine) == repr(theirs), field.name


def assert_same(log: bytes, size: int = 1 << 20) -> None:
    """Compare a log read in blocks of complete lines with the same log read line by line."""
    happened, wrong, count = one_by_one(log)
    view, found, seen = EMPTY, [], 0
    lines = log.split(b"\n")[:-1]
    while lines:
        block = b""
        while lines and len(block) < size:
            block += lines.pop(0) + b"\n"
        decoded = decode_block(block)
        view = advance(view, decoded.happened)
        found += [Wrong(seen + one.line, one.why) for one in decoded.wrong]
        seen += decoded.lines
    assert (found, seen) == (wrong, count)
    assert_same_view(view, advance(EMPTY, happened))


def test_a_run_of_losses_gives_its_numbers_in_rows_and_the_first_and_the_newest_whole():
    happened = decode_block(b"".join(encode(losses(step)) for step in (3, 6, 9, 12))).happened
    first, rows, newest = happened
    assert isinstance(rows, LossRows)
    expected = [
        [one.step, one.epoch, *(one.value(metric.name) for metric in series.drawn("step"))]
        for one in (losses(6), losses(9))
    ]
    np.testing.assert_array_equal(rows.rows, expected)
    assert (first, newest) == (losses(3), losses(12))


@pytest.mark.parametrize(
    ("between", "kept"),
    [
        ([saved(3), saved(6, "history/6.safetensors"), saved(8)], [1, 2]),
        ([machine_measured(3), machine_measured(6), machine_measured(9)], [2]),
        ([epoch_ended(3), epoch_ended(6), epoch_ended(9)], [0, 1, 2]),
    ],
)
def test_frequent_events_do_not_part_the_losses_and_those_that_count_are_known(between, kept):
    log = [losses(1), losses(3), between[0], losses(6), between[1], losses(9), between[2]]
    first, rows, *others = decode_block(b"".join(map(encode, log))).happened
    assert isinstance(rows, LossRows) and len(rows.rows) == 2
    assert first == losses(1)
    assert others == [
        one for one in log[2:] if one == losses(9) or one in [between[n] for n in kept]
    ]


def test_tests_after_losses_that_end_a_pause_count_as_time_of_training():
    happened = [STARTED, Paused(time=NOW, step=3), losses(6), epoch_ended(9), losses(12)]
    assert_same(b"".join(map(encode, happened)))


def test_each_line_that_is_no_event_is_reported_with_its_number():
    block = encode(losses(3)) + encode(losses(6)) + b"{torn\n\n" + encode(losses(9)) + b"[1]\n"
    decoded = decode_block(block)
    assert [one.line for one in decoded.wrong] == [3, 6]
    assert decoded.lines == 6


def test_a_resumed_run_voids_losses_that_stand_in_the_same_block():
    again = dataclasses.replace(STARTED, step=30)
    log = [STARTED, *map(losses, range(1, 60)), saved(59), again, *map(losses, range(31, 40))]
    block = b"".join(map(encode, log))
    view = advance(EMPTY, decode_block(block).happened)
    assert view.train.columns[0].tolist() == [step / 18 for step in range(1, 40)]
    assert_same(block)


def test_a_long_log_thins_to_the_same_curve_as_line_by_line():
    log = [STARTED, *map(losses, range(1, 9_000)), epoch_ended(3), saved(9_000)]
    assert_same(b"".join(map(encode, log)), size=10_000)


# Numbers as others write them, and as nobody should

_NUMBERS = st.one_of(
    st.floats(width=64).map(json.dumps),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        ["1e-05", "1E+5", "1e999", "-0", "-0.0", "01", "1.", ".5", "+1", "1_0", "0x1", "null",
         "true", '"1"', "[]", "NaN", "Infinity", "-", "1e", "1 ", " 1", "9" * 30, "1e1000000"]
    ),
)  # fmt: skip


_FREQUENT = st.one_of(
    st.integers(0, 200).map(losses),
    st.integers(0, 200).map(losses),
    st.integers(0, 200).map(epoch_ended),
    st.integers(0, 200).map(machine_measured),
)
_MORE = st.sampled_from(["gradient_norm", "kl_in_loss", "step", "bce", "event", "time", "unknown"])


@st.composite
def _frequent_lines(draw: st.DrawFn) -> bytes:
    record = json.loads(encode(draw(_FREQUENT)))
    if draw(st.booleans()):
        record.pop("memory_bytes", None)
    line = json.dumps(record, separators=(",", ":"))
    if draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(list(record)))
        line = line.replace(f'"{name}":{json.dumps(record[name], separators=(",", ":"))}',
                            f'"{name}":{draw(_NUMBERS)}')  # fmt: skip
    if draw(st.integers(0, 3)) == 0:  # a new field, or one that is there already
        line = f'{line[:-1]},"{draw(_MORE)}":{draw(_NUMBERS)}}}'
    if draw(st.integers(0, 3)) == 0:  # a number in a list, as in the KL of the dimensions
        line = line.replace("[", f"[{draw(_NUMBERS)},")
    return line.encode() + b"\n"


def _damaged(line: bytes, place: int, what: bytes) -> bytes:
    place %= len(line)
    return line[:place] + what + line[place + len(what) :].rstrip(b"\n") + b"\n"


_LINES = st.one_of(
    _frequent_lines(),
    _frequent_lines(),
    st.integers(0, 200).map(saved).map(encode),
    st.builds(
        _damaged, _frequent_lines(), st.integers(0, 400),
        st.sampled_from([b"", b"\r", b"\n", b"\xff", b"x", b'"', b",", b"}", b"\x85", b"\r\n"]),
    ),
    st.integers(0, 200).map(lambda step: encode(dataclasses.replace(STARTED, step=step))),
    st.sampled_from([
        b"\n", b"\r\n", b"{}\n", b"not json\n", b'{"event":"unheard_of","time":1,"step":1}\n',
        b'{"event":"losses_measured"\n', encode(ended("stopped")), encode(epoch_ended(3)),
        encode(Paused(time=NOW, step=3)), encode(saved(5, "history/5.safetensors")),
        b'{"event":"weights_saved","time":1e1000,"step":1,"path":"weights.safetensors"}\n',
    ]),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_LINES, max_size=30), st.integers(1, 3_000))
@example([encode(losses(3, bce=math.nan)), encode(losses(4))], 3_000)
def test_any_log_says_in_blocks_what_its_lines_say_one_by_one(lines, size):
    assert_same(b"".join(lines), size)

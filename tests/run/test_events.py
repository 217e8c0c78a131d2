import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_tui.run.events import (
    CommandRefused,
    Diverged,
    EpochEnded,
    Event,
    LossesMeasured,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
    SettingChanged,
    TrainingSlowed,
    WeightsSaved,
    decode,
    encode,
)

KINDS = {
    "run_started": RunStarted,
    "losses_measured": LossesMeasured,
    "epoch_ended": EpochEnded,
    "weights_saved": WeightsSaved,
    "paused": Paused,
    "resumed": Resumed,
    "setting_changed": SettingChanged,
    "command_refused": CommandRefused,
    "training_slowed": TrainingSlowed,
    "diverged": Diverged,
    "run_ended": RunEnded,
}
"""As the contract names them."""

ANY_FLOAT = st.floats()
VALUES = {
    float: ANY_FLOAT,
    int: st.integers(-(2**63) + 1, 2**63 - 1),
    str: st.text(),
    tuple[float, ...]: st.lists(ANY_FLOAT).map(tuple),
    Mapping[str, float]: st.just({}),
}
VALUES_OF = {"step": st.integers(0, 2**63 - 1), "epoch": st.integers(-(10**9), 10**9)}
EVENTS = st.one_of(
    *(
        st.builds(
            kind,
            **{field.name: VALUES_OF.get(field.name, VALUES[field.type]) for field in fields(kind)},
        )
        for kind in KINDS.values()
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def record(**changes: object) -> bytes:
    """Return a good losses_measured with some fields changed; ... leaves one out."""
    good = {
        "event": "losses_measured",
        "time": 1.5,
        "step": 7,
        "epoch": 0.5,
        "bce": 100.0,
        "kl": 20.0,
        "beta": 1.0,
        "lr": 0.001,
        "images_per_second": 5e4,
    }
    return json.dumps(
        {name: value for name, value in {**good, **changes}.items() if value is not ...}
    ).encode()


def without_infinities(value: object) -> object:
    """Return what is left of a value in strict JSON."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return tuple(map(without_infinities, value)) if isinstance(value, tuple) else value


@given(EVENTS)
def test_an_event_comes_back_as_it_was_with_nan_for_what_is_not_finite(event):
    back = decode(encode(event))
    assert type(back) is type(event)
    for name, value in asdict(event).items():
        assert without_infinities(getattr(back, name)) == without_infinities(value)


@given(EVENTS)
def test_an_event_is_one_line_of_strict_json_with_kind_time_and_step(event):
    line = encode(event)
    assert line.endswith(b"\n")
    assert len(line.splitlines()) == 1

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    fields = json.loads(line, parse_constant=refuse)
    assert KINDS[fields["event"]] is type(event)
    assert {"event", "time", "step"} <= set(fields)


def test_nan_is_written_as_null_and_read_as_nan():
    line = encode(RunEnded(time=math.nan, step=3, reason="failed"))
    assert line == b'{"event":"run_ended","time":null,"step":3,"reason":"failed","message":""}\n'
    back = decode(line)
    assert isinstance(back, Event)
    assert math.isnan(back.time)


def test_nan_in_a_list_is_written_as_null_and_read_as_nan():
    event = EpochEnded(
        time=1.0,
        step=2,
        epoch=1,
        train_bce=math.inf,
        train_kl=1.0,
        test_bce=1.0,
        test_kl=1.0,
        test_bce_at_mean=1.0,
        kl_per_dimension=(1.0, math.nan, -math.inf),
        active_units=1,
        seconds=1.0,
    )
    assert b'"kl_per_dimension":[1.0,null,null]' in encode(event)
    back = decode(encode(event))
    assert isinstance(back, EpochEnded)
    assert back.kl_per_dimension[0] == 1
    assert all(map(math.isnan, (*back.kl_per_dimension[1:], back.train_bce)))


def test_a_kind_that_this_version_does_not_know_is_left_aside():
    assert decode(b'{"event": "moon_risen", "time": 1, "step": 2}') is None


def test_fields_that_this_version_does_not_know_are_left_aside():
    assert decode(record(colour="red")) == decode(record())


def test_a_field_that_an_older_version_did_not_write_has_its_default():
    event = decode(record())
    assert isinstance(event, LossesMeasured)
    assert event.memory_bytes == 0


def test_a_whole_number_stands_for_a_float():
    assert decode(record(bce=100)) == decode(record(bce=100.0))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"garbage",
        b'{"event":"run_end',
        b"[]",
        b"1",
        b"null",
        b"{}",
        b'{"event": 1}',
        b'{"event": null}',
        b'{"event": ["run_ended"]}',
        b"\xff\xfe\x00",
        b"\x80",
        b"[" * 100_000,
        b'{"event":' * 100_000,
        record(step=...),
        record(time=...),
        record(step=1.5),
        record(step=True),
        record(step="7"),
        record(step=None),
        record(step=2**63),
        record(bce="100"),
        record(bce=[100]),
        record(bce=True),
        record(bce=10**400),
        record(bce={"a": 1}),
        record().replace(b"100.0", b"1" * 5_000),
        record().replace(b'"step": 7', b'"step": 1e400'),
        record(event="epoch_ended", kl_per_dimension=3),
        record(event="weights_saved", path=3),
        record(event="weights_saved", path=None),
    ],
)
def test_a_line_that_is_no_event_is_a_value_error_of_one_short_line(line):
    with pytest.raises(ValueError) as raised:
        decode(line)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300


def test_a_number_too_large_for_a_float_is_infinite_not_a_crash():
    event = decode(record().replace(b"100.0", b"1e400"))
    assert isinstance(event, LossesMeasured)
    assert event.bce == math.inf


@given(st.sampled_from(list(KINDS)), st.dictionaries(st.text(), JSON), st.data())
def test_whatever_json_holds_reading_it_gives_an_event_or_a_value_error(kind, foreign, data):
    names = [field.name for field in fields(KINDS[kind])]
    values = {name: data.draw(JSON) for name in names if data.draw(st.booleans())}
    line = json.dumps({**foreign, **values, "event": kind}).encode()
    with contextlib.suppress(ValueError):
        assert isinstance(decode(line), KINDS[kind])


@given(st.binary())
def test_whatever_bytes_are_read_give_an_event_or_a_value_error(line):
    with contextlib.suppress(ValueError):
        decode(line)


@given(EVENTS, st.data())
def test_a_torn_line_is_never_taken_for_an_event(event, data):
    line = encode(event)[:-1]
    cut = data.draw(st.integers(0, len(line) - 1))
    with pytest.raises(ValueError):
        decode(line[:cut])

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_tui.errors import UsageError
from vae_tui.run.commands import NAMES, Command, check, decode, encode


@pytest.mark.parametrize("name", ["pause", "resume", "stop", "save", "undo"])
def test_a_command_comes_back_with_its_id(name):
    command = Command(command=name)
    assert decode(encode(command)) == command
    check(command)


@pytest.mark.parametrize(("setting", "value"), [("beta", 4.0), ("lr", 3e-4), ("epochs", 50)])
def test_a_setting_comes_back_with_its_value(setting, value):
    command = Command(command="set", setting=setting, value=value)
    assert decode(encode(command)) == command
    check(command)


def test_a_command_is_one_line_of_json_with_an_id_of_its_own_and_a_time():
    lines = [encode(Command(command="pause")) for _ in range(100)]
    records = [json.loads(line) for line in lines]
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines)
    assert {record["command"] for record in records} == {"pause"}
    assert len({record["id"] for record in records}) == 100
    assert all(record["time"] > 1e9 for record in records)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"pause",
        b"{}",
        b"[]",
        b'"pause"',
        b'{"command": 1}',
        b'{"command": "set", "value": "4"}',
        b'{"command": "set", "value": true}',
        b'{"command": "set", "value": null}',
        b'{"command": "set", "value": 1e400}',
        b'{"command": "set", "value": 1' + b"0" * 400 + b"}",
        b"[" * 100_000,
        b"\xff",
        b'{"command": "pau',
    ],
)
def test_a_line_that_is_no_command_is_a_value_error(line):
    with pytest.raises(ValueError):
        decode(line)


@given(st.binary())
def test_whatever_bytes_are_read_give_a_command_or_a_value_error(line):
    with contextlib.suppress(ValueError):
        decode(line)


MAYBE_TEXT = st.none() | st.text(max_size=20)


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("id", "setting", "command", "time"), MAYBE_TEXT)
    )
)
def test_whatever_a_command_says_it_is_obeyed_or_refused_in_one_line(record):
    try:
        check(decode(json.dumps({"command": "set", **record}).encode()))
    except UsageError as error:
        assert "\n" not in str(error)
    except ValueError:
        pass


def refusal(**wish: object) -> str:
    with pytest.raises(UsageError) as raised:
        check(decode(json.dumps(wish).encode()))
    return str(raised.value)


def test_an_unknown_command_is_refused_with_those_that_there_are():
    assert refusal(command="explode") == (
        "no command 'explode'; there are pause, resume, stop, save, undo, set"
    )


def test_an_unknown_setting_is_refused_with_those_that_there_are():
    assert refusal(command="set", setting="hidden", value=3) == (
        "no setting 'hidden'; there are beta, lr, epochs"
    )


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("beta", -1, "beta must be 0 or more, not -1; the nearest is 0"),
        ("lr", 0, "lr must be above 0, not 0; try 0.001"),
        ("epochs", 2.5, "epochs must be a whole number, not 2.5"),
        ("epochs", 0, "epochs must be 1 or more, not 0; the nearest is 1"),
        ("epochs", float("nan"), "epochs must be 1 or more, not nan; the nearest is 1"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_nearest(setting, value, why):
    assert refusal(command="set", setting=setting, value=value) == why


def test_names_are_those_of_the_contract():
    assert set(NAMES) == {"pause", "resume", "stop", "save", "undo", "set"}

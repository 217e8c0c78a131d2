"""The escape key, kept apart from sequences that begin with it."""

import itertools

import pytest

from vae_tui.tui.link.escape_keys import EscapeKeys

ESC = "\x1b"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("q", ["q"]),
        ("\x1b7", [ESC, "7"]),
        ("\x1bb", [ESC, "b"]),
        ("\x1b\r", [ESC, "\r"]),
        ("\x1b\x7f", [ESC, "\x7f"]),
        ("\x1b\x1b[A", [ESC, "\x1b[A"]),
        ("a\x1b[1;5Db", ["a\x1b[1;5Db"]),
        ("\x1bOP\x1bq", ["\x1bOP", ESC, "q"]),
        ("\x1b[<0;12;7M\x1b[<0;12;7m", ["\x1b[<0;12;7M\x1b[<0;12;7m"]),
        ("\x1b[27u7", ["\x1b[27u7"]),
        ("\x1b[200~a\x1bq\x1b[A\x1b[201~", ["\x1b[200~a\x1bq\x1b[A\x1b[201~"]),
    ],
)  # fmt: skip
def test_escape_and_a_key_are_two_keys_and_a_sequence_is_one(text, pieces):
    keys = EscapeKeys()
    assert keys.split(text) == pieces
    assert not keys.is_waiting


@pytest.mark.parametrize("text", ["\x1b[1;5D", "\x1bOP", "x\x1b[<0;12;7M"])
def test_a_sequence_that_comes_in_parts_is_still_one(text):
    for cut in range(1, len(text)):
        keys = EscapeKeys()
        pieces = [*keys.split(text[:cut]), *keys.split(text[cut:])]
        assert "".join(pieces) == text
        assert ESC not in pieces


def test_an_escape_that_nothing_follows_is_the_key():
    keys = EscapeKeys()
    assert keys.split("q" + ESC) == ["q"]
    assert keys.is_waiting
    assert keys.flush() == [ESC]
    assert not keys.is_waiting and keys.flush() == []


def test_after_a_paste_an_escape_is_a_key_again():
    keys = EscapeKeys()
    parts = "\x1b[200~a\x1b", "q\x1b", "[201~", "\x1bq"
    pieces = [piece for part in parts for piece in keys.split(part)]
    assert pieces == [*parts[:3], ESC, "q"]


def test_a_paste_has_no_empty_pieces_which_end_a_parser():
    keys = EscapeKeys()
    assert keys.split("\x1b[200~a") == ["\x1b[200~a"]
    assert keys.split("") == []  # the decoder waits for the rest of a character


def test_no_input_is_lost_or_held_forever():
    for letters in itertools.product("\x1b[O2~a", repeat=5):
        keys = EscapeKeys()
        pieces = [piece for letter in letters for piece in keys.split(letter)]
        assert "".join([*pieces, *keys.flush()]) == "".join(letters)
        assert not keys.is_waiting

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_tui.text import byte_size, count, counted, duration, printable, size


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (812, "812"),
        (999.4, "999"),
        (1_000, "1.0k"),
        (54_200, "54.2k"),
        (99_960, "100k"),
        (652_824, "653k"),
        (1_300_000, "1.3M"),
        (2.5e9, "2.5G"),
    ],
)
def test_counts_are_short(number, text):
    assert count(number) == text


def test_one_is_singular_and_any_other_number_plural():
    assert [counted(number, "image") for number in (0, 1, 2_000)] == [
        "0 images", "1 image", "2,000 images",
    ]  # fmt: skip


@given(st.floats(0, 9e11))
def test_a_count_is_at_most_five_characters_and_within_five_hundredths(number):
    text = count(number)
    assert len(text) <= 5
    factor = {"k": 1e3, "M": 1e6, "G": 1e9}.get(text[-1], 1)
    assert abs(float(text.rstrip("kMG")) * factor - number) <= max(0.05 * number, 0.5)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (0, "0.0 s"),
        (0.42, "0.4 s"),
        (9.96, "10 s"),
        (41, "41 s"),
        (59.7, "1 m 00 s"),
        (185, "3 m 05 s"),
        (3_599.6, "1 h 00 m"),
        (7_500, "2 h 05 m"),
        (90_000, "1 d 01 h"),
        (math.nan, "?"),
        (math.inf, "?"),
    ],
)
def test_spans_of_time_have_two_units_at_most(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0B"), (512, "512B"), (1_536, "1.5K"), (743 * 2**20, "743M"), (1.2 * 2**30, "1.2G")],
)
def test_sizes_are_short(number, text):
    assert size(number) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0B"), (1_536, "1.5KB"), (743 * 2**20, "743MB")])
def test_sizes_with_their_unit_name_bytes_once(number, text):
    assert byte_size(number) == text


@given(st.text())
def test_printable_text_is_as_long_and_cannot_steer_a_terminal(text):
    safe = printable(text)
    assert len(safe) == len(text)
    assert safe.isprintable() or not safe
    safe.encode()
    assert all(new in (old, "?") for old, new in zip(text, safe, strict=True))


def test_printable_text_keeps_what_can_be_read_and_drops_escapes():
    assert printable("naïve 数字 β") == "naïve 数字 β"
    assert printable("\x1b[2J\x07\ud800\n") == "?[2J???"

"""What goes to the terminal, against pyte: the same screen as what Textual wrote."""

import gc
from collections import Counter

import numpy as np
import pyte
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_tui.tui.link.screen_diff import FEW_CELLS, MOST_STYLES, ScreenDiff

WIDTH, HEIGHT = 24, 5
COLOURS = ("", "31", "97", "38;5;232", "38;5;247", "38;5;208", "38;2;8;8;8", "38;2;200;10;20")
GROUNDS = ("", "42", "100", "48;5;232", "48;5;247", "48;5;17", "48;2;8;8;8", "48;2;1;2;3")
ATTRIBUTES = ("", "", "", "1", "3", "4", "7", "1;4")

styles = st.tuples(st.sampled_from(ATTRIBUTES), st.sampled_from(COLOURS), st.sampled_from(GROUNDS))
runs = st.tuples(styles, st.text("ab  ▀▀▄▄█─é•", min_size=1, max_size=9))
stretches = st.tuples(
    st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.lists(runs, min_size=1, max_size=6)
)
updates = st.lists(
    st.tuples(st.lists(stretches, min_size=1, max_size=4), st.none() | st.integers(1, 200)),
    min_size=1,
    max_size=8,
)


class Shown:
    """A terminal without line wrap, as Textual sets it up."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.Stream(self.screen)
        self._stream.feed("\x1b[?7l")

    def feed(self, text: str) -> None:
        self._stream.feed(text)

    def looks(self) -> list[list[tuple]]:
        """Each cell as a person sees it."""
        cells = self.screen.buffer
        return [[look(cells[y][x]) for x in range(WIDTH)] for y in range(HEIGHT)]


def look(cell) -> tuple:
    marks = (cell.underscore, cell.strikethrough, cell.reverse, cell.blink)
    if cell.data == " " and not any(marks):
        return ("blank", cell.bg)
    plain = not any((*marks, cell.bold, cell.italics)) and "default" not in (cell.fg, cell.bg)
    if cell.data in "▀▄" and plain:
        return ("pair", *((cell.fg, cell.bg) if cell.data == "▀" else (cell.bg, cell.fg)))
    return (cell.data, cell.fg, cell.bg, cell.bold, cell.italics, *marks)


def written(stretch) -> str:
    """What Textual writes: a position, then runs that each end with a reset."""
    y, x, parts = stretch
    text, room = f"\x1b[{y + 1};{x + 1}H", WIDTH - x
    for style, letters in parts:
        shown, codes = letters[:room], ";".join(filter(None, style))
        room -= len(shown)
        text += f"\x1b[{codes}m{shown}\x1b[0m" if codes and shown else shown
    return text + "\n" * (y < HEIGHT - 1)  # below the last row it would scroll


def full(rows: list[str], codes: str = "0") -> str:
    """What Textual writes for whole rows from the top."""
    return "\n".join(f"\x1b[{y + 1};1H\x1b[{codes}m{row}\x1b[0m" for y, row in enumerate(rows))


@settings(deadline=None, max_examples=150)
@given(updates)
def test_the_terminal_shows_what_textual_wrote_however_it_is_cut_and_merged(updates):
    diff, theirs, ours = ScreenDiff(), Shown(), Shown()
    for parts, most in updates:
        update = "".join(map(written, parts)) + "\x1b[1;1H"
        theirs.feed(update)
        assert diff.update(update)
        ours.feed(diff.changes(most))
    ours.feed(diff.changes())
    assert diff.is_settled
    assert ours.looks() == theirs.looks()
    assert diff.changes() == ""


def test_nothing_is_sent_of_what_stands_there_already():
    diff = ScreenDiff()
    diff.update(full(["abc", "def"], "31"))
    diff.changes()
    diff.update(full(["abc", "def"], "31"))
    assert diff.changes() == ""


def test_of_a_changed_row_only_the_changed_cells_are_sent():
    diff = ScreenDiff()
    diff.update(full(["epoch 35/150 and more"]))
    diff.changes()
    diff.update(full(["epoch 36/150 and more"]))
    assert diff.changes() == "\x1b[1;8H6"


def test_what_is_overtaken_before_it_was_sent_is_never_sent():
    diff = ScreenDiff()
    for text in ("first", "second"):
        diff.update(full([text]))
    assert "first" not in diff.changes()


def test_what_was_forgotten_is_drawn_again():
    diff = ScreenDiff()
    diff.update(full(["abc"]))
    first = diff.changes()
    diff.invalidate()
    assert diff.is_settled
    diff.update(full(["abc"]))
    assert diff.changes() == first


def test_after_a_resize_all_within_the_terminal_is_drawn_again_and_nothing_outside():
    diff = ScreenDiff()
    diff.update(full(["abcdef", "ghi"]))
    diff.changes()
    diff.resize(4, 1)
    assert diff.changes() == "\x1b[1;1Habcd"
    diff.update(full(["uvwxyz", "late"]))  # written for the size before
    assert diff.changes() == "\x1b[1;1Huvwx"
    diff.resize(5, 2)
    assert diff.changes() == "\x1b[1;1Huvwx"
    diff.update(full(["uvwxyz", "wide"]))
    assert diff.changes() == "\x1b[1;5Hy\x1b[2;1Hwide"


def test_small_changes_go_before_pictures():
    diff, picture = ScreenDiff(), "▀" * (FEW_CELLS + 1)
    diff.update(full([picture, picture, "seed 2"], "38;5;240;48;5;250"))
    assert "seed 2" in diff.changes(most_bytes=1)


def test_a_picture_goes_on_where_it_stopped_and_then_begins_anew_at_the_top():
    diff, wide = ScreenDiff(), FEW_CELLS + 1
    diff.update(full(["a" * wide, "b" * wide, "c" * wide]))
    sent = diff.changes(most_bytes=1)
    diff.update(full(["d" * wide, "b" * wide, "c" * wide]))
    while not diff.is_settled:
        sent += diff.changes(most_bytes=1)
    assert [letter for letter in "abcd" if letter in sent] == list("abcd")
    assert sent.index("b") < sent.index("c") < sent.index("d")


def test_colours_are_said_only_when_they_change():
    diff = ScreenDiff()
    diff.update(
        "\x1b[1;1H\x1b[38;5;240;48;5;250m▀\x1b[0m\x1b[38;5;240;48;5;250m▀\x1b[0m"
        "\x1b[38;5;241;48;5;250m▀\x1b[0m\x1b[48;5;250m  \x1b[0m"
    )
    assert diff.changes() == "\x1b[1;1H\x1b[38;5;240;48;5;250m▀▀\x1b[38;5;241m▀  \x1b[39;49m"


def test_truecolor_greys_are_sent_as_the_palettes_and_other_colours_as_they_are():
    diff = ScreenDiff()
    diff.update("\x1b[1;1H\x1b[38;2;160;160;160;48;2;158;158;159mx\x1b[0m")
    assert "\x1b[38;5;247;48;2;158;158;159mx" in diff.changes()


def test_without_truecolor_every_colour_is_one_of_the_palette():
    diff = ScreenDiff(has_truecolor=False)
    diff.update("\x1b[1;1H\x1b[38;2;0;175;255;48;2;17;18;19mx\x1b[31;48;5;9my\x1b[0m")
    assert diff.changes() == "\x1b[1;1H\x1b[38;5;39;48;5;233mx\x1b[31;48;5;9my\x1b[39;49m"


def test_a_wide_character_is_drawn_whole():
    diff, theirs, ours = ScreenDiff(), Shown(), Shown()
    for row in ("漢字 ab", "字字 cb", "x字  cb", "漢字 cb"):
        update = full([row.ljust(WIDTH - 2)])
        theirs.feed(update)
        diff.update(update)
        ours.feed(diff.changes())
        assert ours.screen.display[0].rstrip() == theirs.screen.display[0].rstrip()


def test_a_letter_and_its_accent_are_one_cell():
    diff = ScreenDiff()
    diff.update(full(["e\u0301a"]))
    assert "e\u0301a" in diff.changes()


def test_what_is_no_update_is_not_taken_in():
    diff = ScreenDiff()
    for text in ("\x1b[?25l", "plain", "\x1b[1;1Ha\tb", "\x1b[1;1H\x1b[2Ka", "\x1b[2J",
                 "\x1b[1;1H\x1b]8;id=1;https://a.org\x1b\\a\x1b]8;;\x1b\\"):  # fmt: skip
        assert not diff.update(text)
    assert diff.is_settled


def test_pictures_that_never_repeat_are_forgotten():
    diff = ScreenDiff()
    generator = np.random.default_rng(0)
    for _ in range(60):
        cells = generator.integers(0, 256, (1_000, 6))
        text = "".join(
            f"\x1b[38;2;{r};{g};{b};48;2;{red};{green};{blue}m▀\x1b[0m"
            for r, g, b, red, green, blue in cells.tolist()
        )
        assert diff.update(f"\x1b[1;1H{text}")
        assert diff.changes()
    gc.collect()
    alive = Counter(type(each).__name__ for each in gc.get_objects())
    assert alive["AnsiEncoder"] < MOST_STYLES + 1_100
    assert alive["Cell"] < 35_000

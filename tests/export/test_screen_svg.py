"""A screen as SVG: text stays text, everything else is drawn where a terminal draws it."""

import re
import xml.etree.ElementTree as ET

import pytest

from vae_tui.export.screen_svg import Run, screen_svg

SVG = "{http://www.w3.org/2000/svg}"
WHITE, BLACK, RED, BLUE = "#ffffff", "#000000", "#ff0000", "#0000ff"


def drawn(*rows):
    return ET.fromstring(screen_svg(rows, "a screen"))


def filled(root):
    """Return the rectangles of each colour: left, top, width, height."""
    found = {}
    for path in root.iter(f"{SVG}path"):
        parts = re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\3z", path.attrib["d"])
        found[path.attrib["fill"]] = [tuple(map(int, part)) for part in parts]
    return found


def texts(root):
    return [
        (text.text, int(text.attrib["x"]), int(text.attrib["y"]), int(text.attrib["textLength"]))
        for text in root.iter(f"{SVG}text")
    ]


def test_it_is_as_large_as_its_cells_and_says_what_it_is():
    root = drawn([Run("abc", WHITE, BLACK)], [Run("   ", WHITE, BLACK)])
    assert root.attrib["viewBox"] == "0 0 24 32"
    assert root.find(f"{SVG}title").text == "a screen"
    assert root.find(f"{SVG}rect").attrib["fill"] == BLACK


def test_text_stands_in_its_cells_and_special_characters_are_kept():
    root = drawn([Run("  a<b & ", WHITE, BLACK), Run("é", RED, BLACK, is_bold=True)])
    assert texts(root) == [("a<b &", 16, 12, 40), ("é", 64, 12, 8)]
    (bold,) = [group for group in root.iter(f"{SVG}g") if "font-weight" in group.attrib]
    assert bold.attrib["fill"] == RED


def test_several_spaces_do_not_shift_what_follows():
    root = drawn([Run("a  b c   d", WHITE, BLACK)])
    assert texts(root) == [("a", 0, 12, 8), ("b c", 24, 12, 24), ("d", 72, 12, 8)]


def test_half_blocks_are_pixels_of_two_colours():
    root = drawn(
        [Run("▀▄", RED, BLUE), Run("      ", WHITE, BLACK)], [Run("        ", WHITE, BLACK)]
    )
    assert filled(root) == {RED: [(0, 0, 1, 1), (1, 1, 1, 1)], BLUE: [(0, 1, 1, 1), (1, 0, 1, 1)]}
    assert texts(root) == []


def test_equal_pixels_below_and_beside_each_other_are_one_rectangle():
    row = [Run("████", RED, BLACK), Run("    " * 4, RED, BLACK)]
    assert filled(drawn(row, row, row))[RED] == [(0, 0, 4, 6)]


def test_a_shade_is_the_mixture_of_its_colours():
    row = [Run("▒", WHITE, BLACK), Run("   ", WHITE, BLACK)]
    assert filled(drawn(row)) == {"#808080": [(0, 0, 1, 2)]}


@pytest.mark.parametrize(
    ("character", "rectangle"),
    [
        ("▏", (8, 0, 1, 16)),
        ("▌", (8, 0, 4, 16)),
        ("▉", (8, 0, 7, 16)),
        ("▐", (12, 0, 4, 16)),
        ("▁", (8, 14, 8, 2)),
        ("▆", (8, 4, 8, 12)),
        ("━", (8, 7, 8, 2)),
        ("⠁", (9, 1, 2, 2)),
        ("⢀", (13, 13, 2, 2)),
    ],
)
def test_a_bar_or_a_dot_fills_its_part_of_the_cell(character, rectangle):
    root = drawn([Run(f" {character} ", RED, BLACK)])
    assert filled(root) == {RED: [rectangle]}
    assert texts(root) == []


def test_a_full_braille_character_has_eight_dots_that_do_not_touch():
    dots = filled(drawn([Run("⣿", RED, BLACK)]))[RED]
    assert sorted({x for x, *_ in dots}) == [1, 5]
    assert sorted({y for _, y, *_ in dots}) == [1, 5, 9, 13]
    assert len(dots) == 8


def test_a_frame_is_drawn_as_lines_that_meet():
    root = drawn([Run("╭─╮", RED, BLACK)], [Run("│x│", RED, BLACK)], [Run("└┴┘", RED, BLACK)])
    (path,) = [path for path in root.iter(f"{SVG}path") if path.attrib["fill"] == "none"]
    assert path.attrib["stroke"] == RED
    ends = re.findall(r"(?:L|Q\d+ \d+ )(\d+) (\d+)", path.attrib["d"])
    for meeting in (("8", "8"), ("16", "8"), ("4", "16"), ("20", "16"), ("4", "32"), ("8", "40")):
        assert meeting in ends or f"M{' '.join(meeting)}" in path.attrib["d"], meeting
    assert texts(root) == [("x", 8, 28, 8)]


def test_a_screen_full_of_random_pixels_is_small():
    colours = [f"#{level:02x}{level:02x}{level:02x}" for level in range(8, 248, 10)]
    rows = [
        [Run("▀", colours[(7 * x + 3 * y * x) % 24], colours[(5 * x + y) % 24]) for x in range(120)]
        for y in range(40)
    ]
    assert len(screen_svg(rows, "")) < 160_000

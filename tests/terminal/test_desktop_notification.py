"""Notifications of the desktop, as control sequences."""

import pytest

from vae_tui.terminal.desktop_notification import notification

NINE = "\x1b]9;mnist: it ended\x07"
LONG = "\x1b]777;notify;mnist;it ended\x07"


@pytest.mark.parametrize(
    ("environment", "sequences"),
    [
        ({"TERM": "xterm-256color"}, NINE + LONG),
        ({"TERM": "foot"}, LONG),
        ({"TERM": "rxvt-unicode-256color"}, LONG),
        ({"TERM": "xterm-kitty"}, NINE),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, NINE),
    ],
)
def test_a_terminal_that_knows_both_sequences_gets_one(environment, sequences):
    assert notification("mnist", "it ended", environment) == sequences


def test_in_tmux_and_screen_the_sequences_are_passed_on():
    in_tmux = notification("mnist", "it ended", {"TERM": "tmux-256color", "TMUX": "/tmp/x"})
    for sequence in (NINE, LONG):
        assert f"\x1bPtmux;\x1b{sequence}\x1b\\" in in_tmux
    in_screen = notification("mnist", "it ended", {"TERM": "screen-256color"})
    assert f"\x1bP{NINE}\x1b\\" in in_screen


def test_no_text_ends_a_sequence_or_adds_a_field():
    hostile = notification("a;b\x07\x1b[2J", "c\x1b\\;\nd" + "e" * 5000, {"TERM": "xterm"})
    assert hostile.count("\x07") == 2 and hostile.count("\x1b") == 2
    assert "]777;notify;a,b??[2J;c?\\,?d" in hostile
    assert len(hostile) < 1000

"""The escape sequence that copies."""

import base64

import pytest

from vae_tui.terminal import clipboard


@pytest.mark.parametrize(
    ("environment", "before", "after"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]52;c;", "\x07"),
        ({"TMUX": "/tmp/x"}, "\x1bPtmux;\x1b\x1b]52;c;", "\x07\x1b\\"),
        ({"TERM": "screen.xterm"}, "\x1bP\x1b]52;c;", "\x07\x1b\\"),
    ],
)
def test_what_is_copied_goes_out_as_osc_52_through_tmux_and_screen_too(environment, before, after):
    written = []
    clipboard.copy('--z="-1,2" µ', environment, written.append)
    (text,) = written
    assert text.startswith(before)
    assert text.endswith(after)
    inside = text.removeprefix(before).removesuffix(after)
    assert base64.b64decode(inside).decode() == '--z="-1,2" µ'

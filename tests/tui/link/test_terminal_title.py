"""The title of the terminal's window."""

from vae_tui.tui.link.terminal_title import LEAST_SECONDS, POP, PUSH, TerminalTitle


class Terminal:
    def __init__(self, term: str = "xterm-256color") -> None:
        self.now, self.written = 0.0, []
        self.title = TerminalTitle(self.written.append, {"TERM": term}, lambda: self.now)


def test_the_title_is_saved_once_set_when_it_changes_and_restored():
    terminal = Terminal()
    for text in ("a 1%", "a 1%", "a 2%", "a 2%"):
        terminal.title.show(text)
        terminal.now += LEAST_SECONDS
    terminal.title.restore()
    terminal.title.restore()
    assert terminal.written == [
        f"{PUSH}\x1b]0;a 1%\x07",
        "\x1b]0;a 2%\x07",
        f"\x1b]0;\x07{POP}",
    ]
    terminal.title.show("a 3%")  # after fg
    assert terminal.written[-1] == f"{PUSH}\x1b]0;a 3%\x07"


def test_titles_that_change_all_the_time_are_set_every_few_seconds():
    terminal = Terminal()
    for second in range(61):
        terminal.now = float(second)
        terminal.title.show(f"a {second}%")
    assert len(terminal.written) == 1 + 60 / LEAST_SECONDS


def test_nothing_in_a_name_ends_the_sequence():
    terminal = Terminal()
    terminal.title.show("a\x07\x1b[2J")
    assert terminal.written == [f"{PUSH}\x1b]0;a??[2J\x07"]


def test_a_console_without_a_title_gets_none():
    terminal = Terminal("linux")
    terminal.title.show("a")
    terminal.title.restore()
    assert terminal.written == []

"""``ctrl+p``: Textual's own palette of commands."""

import contextlib

from textual.command import CommandPalette


class Palette(CommandPalette):
    """Takes keys that come before its list was ever laid out."""

    def _action_command_list(self, action: str) -> None:
        # Textual's own looks lines up that are not there yet: page up ends the program.
        with contextlib.suppress(LookupError):
            super()._action_command_list(action)

"""What the config file says about the screen: its theme and its keys. Imports Textual when used."""

import os
from typing import TYPE_CHECKING

from vae_tui.cli.user_config.config_file import UserConfig

if TYPE_CHECKING:
    from vae_tui.tui.keys.keymap import Bindings
    from vae_tui.tui.theme import ChosenTheme


def chosen_theme(config: UserConfig) -> "ChosenTheme":
    """Return the user's choice of a theme: in the environment, the palette or the file."""
    from platformdirs import user_state_path

    from vae_tui.tui.theme import ChosenTheme

    return ChosenTheme(user_state_path("vae-tui") / "theme", os.environ, config.theme)


def bindings() -> "list[Bindings]":
    """Return the bindings that hold at the same time, of every view and dialog."""
    from vae_tui.tui import all_views, app  # noqa: F401 - so that their classes are there
    from vae_tui.tui.keys.bindings import KEYS
    from vae_tui.tui.keys.keymap import contexts

    return contexts(KEYS)


def without_effect(config: UserConfig, theme: str) -> list[str]:
    """Return a line for each setting that the screen cannot use; ``theme`` is the chosen one.

    These are a theme and keys that it does not have, and a key that would do two things.
    """
    from vae_tui.tui.keys.keymap import problems
    from vae_tui.tui.theme import why_unknown

    wrong = problems(config.keys, bindings()) if config.keys else ()
    return [problem for problem in (why_unknown(theme), *wrong) if problem]


def warning(config: UserConfig, theme: str) -> tuple[str, ...]:
    """Return `without_effect` as the parts of one line, the first the most important."""
    first, *others = (*without_effect(config, theme), "")
    return (first, "vae-tui config edit", *filter(None, others)) if first else ()

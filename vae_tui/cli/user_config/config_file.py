"""Reads the user's config file, ``config.toml`` in the user's config folder.

It holds the theme, keys by binding id, and defaults of options. An environment variable overrides
a default, and an option both.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vae_tui.errors import UsageError
from vae_tui.run.config import RANGES, check_number
from vae_tui.run.untrusted import read_bounded
from vae_tui.text import did_you_mean

if TYPE_CHECKING:
    from vae_tui.doctor.finding import Finding

THEME, KEYS, DEFAULTS = "theme", "keys", "defaults"
_LARGEST = 1 << 20
BROKEN = "vae_tui.broken_config"
"""Key of a broken file's error in the meta data of a click context."""


@dataclass(frozen=True, slots=True)
class UserConfig:
    """The contents of the file; empty if there is none."""

    theme: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys, separated by commas, by the id of their binding."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Values of options, by their names without dashes in front."""


def config_path() -> Path:
    """Return the path of the config file, which need not exist."""
    try:
        from platformdirs import user_config_path
    except ImportError:  # doctor reports it
        return Path("~/.config/vae-tui/config.toml").expanduser()
    return user_config_path("vae-tui") / "config.toml"


def read_config(path: Path) -> UserConfig:
    """Return what the file holds; UsageError names the file and what is wrong with it."""
    try:
        text = read_bounded(path, _LARGEST).decode("utf-8")
        import tomllib  # few users have a file

        content = tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return UserConfig()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {error}; edit it with: vae-tui config edit") from None
    entries = (THEME, KEYS, DEFAULTS)
    for name in content:
        if name not in entries:
            hint = did_you_mean(name, entries) or f"there are {', '.join(entries)}"
            raise UsageError(f"{path}: no entry {name!r:.60}; {hint}")
    theme, keys = content.get(THEME, ""), content.get(KEYS, {})
    defaults = content.get(DEFAULTS, {})
    if not isinstance(theme, str):
        raise UsageError(f"{path}: {THEME} should be the name of a theme in quotes")
    for name, table in ((KEYS, keys), (DEFAULTS, defaults)):
        if not isinstance(table, dict):
            raise UsageError(f"{path}: {name} should be a table: [{name}]")
    keys = dict(_flat(keys))
    for name, value in keys.items():
        if not isinstance(value, str) or not value.strip(","):
            raise UsageError(f'{path}: {name} should be a key in quotes, as in {name} = "f2"')
    return UserConfig(theme, keys, defaults)


def options_of(command: click.Command) -> dict[str, click.Option]:
    """Return the options of a command that can have a default in the file, by name."""
    options = [one for one in command.params if isinstance(one, click.Option) and one.envvar]
    return {_name(option): option for option in options}


def default_map(path: Path, config: UserConfig, group: click.Group) -> dict[str, dict[str, Any]]:
    """Return the file's defaults as click takes them: by command and parameter.

    UsageError for an option that no command has, or a value that it cannot have.
    """
    commands = {name: options_of(command) for name, command in group.commands.items()}
    known = sorted({option for options in commands.values() for option in options})
    for name in config.defaults:
        if name not in known:
            hint = did_you_mean(name, known) or "vae-tui config show"
            raise UsageError(f"{path}: no option {name!r:.60}; {hint}")
    return {
        command: {
            options[name].name or name: _converted(path, name, value, options[name])
            for name, value in config.defaults.items()
            if name in options
        }
        for command, options in commands.items()
    }


def defaults_in_force(group: click.Group) -> tuple[dict[str, dict[str, Any]], UsageError | None]:
    """Return the file's `default_map`; of a broken file an empty one, and its error."""
    path = config_path()
    try:
        return default_map(path, read_config(path), group), None
    except UsageError as error:
        return {}, error


def config_findings() -> list["Finding"]:
    """Return what ``doctor`` says of the file: nothing if it is sound."""
    from vae_tui.doctor.finding import problem

    error = click.get_current_context().find_root().meta.get(BROKEN)
    return [problem("config", str(error), "vae-tui config edit")] if error else []


def refuse_if_broken(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function of a command, which raises the error of a broken config file first.

    ``--help`` still works with a broken file.
    """

    @wraps(command)
    def checked(*arguments: Any, **more: Any) -> Any:
        if (error := click.get_current_context().meta.get(BROKEN)) is not None:
            raise error
        return command(*arguments, **more)

    return checked


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the entries of a table and those inside it: app.pause without quotes is a table."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _name(option: click.Option) -> str:
    return max(option.opts, key=len).lstrip("-")


def _converted(path: Path, name: str, value: Any, option: click.Option) -> Any:
    """Return the value as the option's own type; UsageError if it cannot have it."""
    if isinstance(value, bool) != option.is_flag or isinstance(value, dict):
        expected = "true or false" if option.is_flag else "a value as on the command line"
        raise UsageError(f"{path}: {name} should be {expected}")
    if isinstance(option.type, click.Path) and isinstance(value, str):
        value = os.path.expanduser(value)  # noqa: PTH111 - as a shell does, else unchanged
    try:
        converted = option.type_cast_value(click.Context(click.Command(name)), value)
        if option.name in RANGES:
            check_number(option.name, converted)
    except click.BadParameter as error:
        raise UsageError(f"{path}: {name}: {error.message}") from None
    except UsageError as error:  # it names the option
        raise UsageError(f"{path}: {str(error).removeprefix('--')}") from None
    return converted

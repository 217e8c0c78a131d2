"""``vae-tui config path``, ``show`` and ``edit``."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from vae_tui.cli.console import print_lines
from vae_tui.cli.user_config.config_file import (
    DEFAULTS,
    KEYS,
    THEME,
    UserConfig,
    config_path,
    default_map,
    options_of,
    read_config,
)
from vae_tui.cli.user_config.screen_settings import bindings, chosen_theme, without_effect
from vae_tui.errors import UsageError, VaeTuiError

_TEMPLATE = """\
# Settings of vae-tui. `vae-tui config show` prints those in force, and where each comes from.
# An environment variable, such as VAE_TUI_LR, overrides a default; an option overrides both.

# theme = "vae-light"

[keys]
# "app.pause" = "P"

[defaults]
# runs-dir = "~/vae-runs"
# beta = 4
"""


@click.group()
def config() -> None:
    """Show or edit the config file: theme, keys, defaults."""


@config.command()
def path() -> None:
    """Print the path of the config file."""
    click.echo(str(config_path()))


@config.command()
@click.pass_context
def show(context: click.Context) -> None:
    """Print the settings in force, and where each comes from.

    The output is a config file itself: what is printed can be copied into yours.
    """
    file, group = config_path(), _program(context)
    found = _checked(file, group)
    print_lines(f"# {file}{'' if file.exists() else ' (not there: nothing is set)'}")
    print_lines(_theme_line(found), "", f"[{DEFAULTS}]", *_default_lines(found, group))
    print_lines("", f"[{KEYS}]", *_key_lines(found.keys))


@config.command()
@click.pass_context
def edit(context: click.Context) -> None:
    """Open the config file in your editor, then check it."""
    file = config_path()
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_TEMPLATE, encoding="utf-8")
    except OSError as error:
        raise VaeTuiError(f"{file} cannot be written: {error.strerror}") from None
    click.edit(filename=str(file))
    _checked(file, _program(context))
    print_lines(f"{file}: no errors")


def _program(context: click.Context) -> click.Group:
    program = context.find_root().command
    assert isinstance(program, click.Group)
    return program


def _checked(file: Path, group: click.Group) -> UserConfig:
    """Return what the file holds; UsageError for anything in it that would have no effect."""
    found = read_config(file)
    default_map(file, found, group)
    for problem in without_effect(found, found.theme):
        raise UsageError(f"{file}: {problem}")
    return found


def _theme_line(found: UserConfig) -> str:
    from vae_tui.tui.theme import DEFAULT

    name, source = chosen_theme(found).found()
    return f"{THEME} = {_toml(name or DEFAULT)}  # {source or 'default'}"


def _key_lines(keys: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each binding: its keys, and where they come from."""
    by_id = {name: one for context in bindings() for name, one in context.items()}
    for name, binding in by_id.items():
        source = "this file" if name in keys else "default"
        yield f"{_toml(name)} = {_toml(keys.get(name, binding.key))}  # {source}"


def _default_lines(found: UserConfig, group: click.Group) -> Iterator[str]:
    """Yield a line for each option: its value, and where that comes from."""
    commands = {name: options_of(command) for name, command in group.commands.items()}
    names = [*commands["train"], *sorted({name for one in commands.values() for name in one})]
    for name in dict.fromkeys(names):
        options = {command: one[name] for command, one in commands.items() if name in one}
        variable = next(str(option.envvar) for option in options.values())
        if value := os.environ.get(variable):
            yield f"{name} = {_toml(_as_number(value))}  # environment: {variable}"
        elif name in found.defaults:
            yield f"{name} = {_toml(found.defaults[name])}  # this file"
        else:
            yield _built_in(name, options)


def _built_in(name: str, options: Mapping[str, click.Option]) -> str:
    """Return the line of an option that is not set; a comment if its default is not one value."""
    values = {
        command: _default(option)
        for command, option in options.items()
        if not isinstance(option.show_default, str)
    }
    shown = {_toml(value) for value in values.values() if value is not None}
    defaults = dict.fromkeys(option.show_default for option in options.values())
    words = [words for words in defaults if isinstance(words, str)]
    if len(shown) == 1 and not words:
        return f"{name} = {shown.pop()}  # default"
    each = [*words, *(f"{_toml(v)} ({c})" for c, v in values.items() if v is not None)]
    return f"# {name} = {'; '.join(each)}".rstrip(" =")


def _default(option: click.Option) -> Any:
    """Return the built-in default, None if there is none or it is worked out when needed."""
    default = option.to_info_dict()["default"]
    return default if isinstance(default, (bool, int, float, str, Path, tuple, list)) else None


def _as_number(value: str) -> str | float:
    """Return a text that is a number as that number."""
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(value)
    return value


def _toml(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    is_number = isinstance(value, (bool, int, float))
    return json.dumps(value if is_number else str(value), ensure_ascii=False)

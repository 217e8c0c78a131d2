"""README's tables of keys and commands, made from the bindings and from click.

``python tests/support/readme_tables.py`` writes them into README.md.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import click
from textual.binding import Binding

from vae_tui.cli.main import cli
from vae_tui.tui.all_views import VIEWS as VIEW_CLASSES
from vae_tui.tui.keys.bindings import KEYS, VIEWS

README = Path(__file__).parents[2] / "README.md"
_NAMES = {"comma": ",", "full_stop": ".", "question_mark": "?", "plus": "+", "minus": "-",
          "left_square_bracket": "[", "right_square_bracket": "]", "slash": "/"}  # fmt: skip


def tables() -> dict[str, str]:
    """Return each table by its name, in Markdown."""
    return {"commands": _commands(cli), "keys": _keys()}


def with_tables(text: str) -> str:
    """Return README's text with its tables renewed."""
    for name, table in tables().items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
        text, count = re.subn(pattern, lambda found, new=table: f"{found[1]}{new}{found[2]}",
                              text, flags=re.DOTALL)  # fmt: skip
        assert count == 1, f"README has {count} places for the table of {name}"
    return text


def _commands(group: click.Group) -> str:
    lines = ["| command | does |", "|---|---|"]
    for name, command in sorted(group.commands.items()):
        context = click.Context(command, info_name=name)
        pieces = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
        usage = " ".join(["vae-tui", name, *pieces])
        about = command.get_short_help_str(limit=200)
        lines.append(f"| `{usage.replace('|', '/')}` | {_cell(about)} |")
    return "\n".join(lines) + "\n"


def _keys() -> str:
    lines = ["| where | key | does |", "|---|---|---|"]
    lines += _rows("everywhere", KEYS)
    for number, (title, view) in enumerate(zip(VIEWS, VIEW_CLASSES, strict=True), 1):
        lines += _rows(f"`{number}` {title}", view.BINDINGS)
    return "\n".join(lines) + "\n"


def _rows(where: str, bindings: Iterable[object]) -> Iterable[str]:
    for binding in bindings:
        if isinstance(binding, Binding) and binding.tooltip:
            keys = binding.key_display or " ".join(
                _NAMES.get(key, key) for key in binding.key.split(",")
            )
            cells = " ".join(f"`{key}`" for key in keys.split(" "))
            yield f"| {where} | {cells} | {_cell(binding.tooltip)} |"
            where = ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").rstrip(".")


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))

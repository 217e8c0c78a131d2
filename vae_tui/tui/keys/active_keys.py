"""The keys that work now, as footer, help and palette show them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.cells import cell_len
from textual.app import App, SystemCommand
from textual.binding import ActiveBinding
from textual.dom import DOMNode
from textual.screen import Screen

from vae_tui.tui.keys.bindings import STEERING, footer_rank


@dataclass(frozen=True, slots=True)
class KeyHint:
    """One key with its label."""

    key: str
    """As it is displayed."""
    label: str
    press: str
    """Textual's name of the key that a click simulates."""
    rank: int = 1
    """The hint of the highest rank is left out first."""

    @property
    def width(self) -> int:
        """Width in cells, with a trailing space."""
        return cell_len(self.key) + 1 + cell_len(self.label) + 1


def bindings_of(screen: Screen[Any], node: DOMNode | None) -> list[ActiveBinding]:
    """Return the bindings of a node that work now; of those with one id, the first."""
    found = [one for one in screen.active_bindings.values() if one.node is node]
    return list({one.binding.id: one for one in reversed(found)}.values())[::-1]


def explained(app: App[Any], bindings: Iterable[ActiveBinding]) -> list[tuple[str, str]]:
    """Return each key and what it does."""
    return [(_key(app, one), one.tooltip) for one in bindings if one.tooltip]


def commands(app: App[Any], bindings: Iterable[ActiveBinding]) -> Iterator[SystemCommand]:
    """Yield what the keys do, as commands of the palette."""
    for one in bindings:
        label, action = one.binding.description, one.binding.action
        if label and one.tooltip and action != "command_palette":
            yield SystemCommand(label, one.tooltip, partial(app.run_action, action, one.node))


def hints(
    app: App[Any], bindings: Iterable[ActiveBinding], steering: Mapping[str, str]
) -> tuple[KeyHint, ...]:
    """Return the hints of the footer; ``steering`` has the labels of the steering keys."""
    return tuple(
        KeyHint(
            _key(app, one),
            steering.get(one.binding.id or "", one.binding.description),
            one.binding.key,
            footer_rank(one.binding.id or ""),
        )
        for one in bindings
        if one.binding.show and one.binding.description
        if one.binding.id not in STEERING or one.binding.id in steering
    )


def _key(app: App[Any], one: ActiveBinding) -> str:
    return one.binding.key_display or app.get_key_display(one.binding)

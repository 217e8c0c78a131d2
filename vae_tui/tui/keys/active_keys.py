"""The keys that work now, as footer and help show them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from textual.app import App
from textual.binding import ActiveBinding, Binding
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
    is_of_view: bool = False
    """It is a key of the visible view, not of all views."""


def bindings_of(screen: Screen[Any], node: DOMNode | None) -> list[ActiveBinding]:
    """Return the bindings of a node that work now; of those with one id, the first."""
    found = [one for one in screen.active_bindings.values() if one.node is node]
    return list({one.binding.id: one for one in reversed(found)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class ExplainedKey:
    """A key, or keys that belong together, as the help shows them."""

    key: str
    """As it is displayed."""
    meaning: str
    ids: tuple[str, ...]
    """Ids of the bindings, by which their keys are remapped."""


def explained(app: App[Any], bindings: Iterable[ActiveBinding]) -> list[ExplainedKey]:
    """Return each key and what it does; a binding without a tooltip belongs to the one before."""
    keys: list[ExplainedKey] = []
    for one in bindings:
        ids = (one.binding.id,) if one.binding.id else ()
        if one.tooltip:
            keys.append(ExplainedKey(key_display(app, one.binding), one.tooltip, ids))
        elif keys:
            keys[-1] = replace(keys[-1], ids=keys[-1].ids + ids)
    return keys


def hints(
    app: App[Any], bindings: Iterable[ActiveBinding], steering: Mapping[str, str]
) -> tuple[KeyHint, ...]:
    """Return the hints of the footer; ``steering`` has the labels of the steering keys."""
    return tuple(
        KeyHint(
            key_display(app, one.binding),
            steering.get(one.binding.id or "", one.binding.description),
            one.binding.key,
            footer_rank(one.binding.id or ""),
            one.node is not app,
        )
        for one in bindings
        if one.binding.show and one.binding.description
        if one.binding.id not in STEERING or one.binding.id in steering
    )


def names(app: App[Any], bindings: Iterable[ActiveBinding]) -> dict[str, str]:
    """Return the displayed keys of bindings by their ids."""
    return {one.binding.id: key_display(app, one.binding) for one in bindings if one.binding.id}


def keys_of(screen: Screen[Any]) -> dict[str, list[str]]:
    """Return the displayed keys of each of the screen's own bindings that work now, by its id."""
    keys: dict[str, list[str]] = {}
    for one in screen.active_bindings.values():
        if one.node is screen and one.binding.id:
            keys.setdefault(one.binding.id, []).append(key_display(screen.app, one.binding))
    return keys


def key_display(app: App[Any], binding: Binding) -> str:
    """Return a key as it is displayed.

    Textual's sign for enter is not in every font, and its ``^s`` is not in our README.
    """
    if binding.key_display:
        return binding.key_display
    key = app.get_key_display(binding).replace("⏎", "enter")
    return f"ctrl+{key[1:]}" if key[0] == "^" and len(key) > 1 else key

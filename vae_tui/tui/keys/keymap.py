"""The user's keys: which bindings there are, and what is wrong with keys given for them."""

from collections.abc import Iterable, Iterator, Mapping

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import ModalScreen

from vae_tui.text import did_you_mean

Bindings = Mapping[str, Binding]
"""Bindings by their ids."""


def contexts(everywhere: Iterable[Binding]) -> list[Bindings]:
    """Return the bindings that hold at the same time: of each view with the app's, of each dialog.

    ``everywhere`` are the app's own. Only views and dialogs that have been imported count.
    """
    of_app = _by_id(everywhere)
    found: list[Bindings] = [of_app]
    for node in _subclasses(DOMNode):
        own = _by_id(node.__dict__.get("BINDINGS", ()))
        if own and node.__module__.startswith("vae_tui."):
            found.append(own if issubclass(node, ModalScreen) else {**of_app, **own})
    return found


def problems(keymap: Mapping[str, str], contexts: Iterable[Bindings]) -> Iterator[str]:
    """Yield a line for each id of no binding, with the nearest, and each key that does two things.

    ``keymap`` holds keys, separated by commas, by the id of their binding.
    """
    contexts = list(contexts)
    known = {name: one for bindings in contexts for name, one in bindings.items()}
    for name in keymap:
        if name not in known:
            yield f"no key {name!r:.60}; {did_you_mean(name, known) or '? lists them'}"
    moved = {name for name in known.keys() & keymap if keymap[name] != known[name].key}
    clashes: dict[tuple[str, str], str] = {}
    for bindings in contexts:
        users: dict[str, list[str]] = {}
        for name, binding in bindings.items():
            for key in _keys(keymap.get(name, binding.key)):
                users.setdefault(key, []).append(name)
        for key, (first, *others) in users.items():
            for other in others:
                if first in moved or other in moved:
                    clashes[first, other] = key
    for (first, other), key in clashes.items():
        yield f"{key} is the key of both {first} and {other}"


def _by_id(bindings: Iterable[object]) -> dict[str, Binding]:
    return {one.id: one for one in bindings if isinstance(one, Binding) and one.id}


def _keys(text: str) -> list[str]:
    """Return Textual's names of keys that are separated by commas."""
    return [binding.key for binding in Binding.make_bindings([Binding(text, "")])]


def _subclasses(kind: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)

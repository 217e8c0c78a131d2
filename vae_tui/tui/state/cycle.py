"""The order in which a key goes through choices."""

from collections.abc import Sequence
from typing import TypeVar

Choice = TypeVar("Choice")


def next_of(choices: Sequence[Choice], current: Choice) -> Choice:
    """Return the choice after the current one; the first follows the last.

    A current one that is not among them counts as the first.
    """
    place = choices.index(current) if current in choices else 0
    return choices[(place + 1) % len(choices)]

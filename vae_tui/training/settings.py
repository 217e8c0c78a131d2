"""The settings that can be changed while a run trains, with undo."""

from collections.abc import Mapping, Sequence
from typing import Any

from vae_tui.errors import UsageError
from vae_tui.run.config import SETTINGS, RunConfig, check_number


class Settings:
    """The current beta, lr and epochs, and a stack of earlier values."""

    def __init__(self, config: RunConfig) -> None:
        self._values: dict[str, float] = {name: getattr(config, name) for name in SETTINGS}
        self._undo: list[tuple[str, float]] = []

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def change(self, name: str, value: float, *, undo: bool = False) -> float:
        """Set one setting, with ``undo`` to what `last_change` returned; return its old value."""
        old, self._values[name] = self._values[name], value
        if undo:
            self._undo.pop()
        else:
            self._undo.append((name, old))
        return old

    def last_change(self) -> tuple[str, float]:
        """Return the name of the setting changed last, and its value before; UsageError if none."""
        if not self._undo:
            raise UsageError("nothing to undo: no setting was changed")
        return self._undo[-1]

    def state(self) -> dict[str, Any]:
        """Return plain values for a resume."""
        return {"settings": dict(self._values), "undo": list(self._undo)}

    def load_state(self, settings: Mapping[str, Any], undo: Sequence[tuple[str, Any]]) -> None:
        """Continue from the values of `state`; UsageError for one out of range.

        Anything else raises KeyError, TypeError or ValueError.
        """
        values = {name: float(settings[name]) for name in SETTINGS}
        earlier = [(str(name), float(value)) for name, value in undo]
        for name, value in (*values.items(), *earlier):
            if name not in SETTINGS:
                raise ValueError(f"no setting {name!r:.40}")
            check_number(name, value)
        self._values, self._undo = values, earlier

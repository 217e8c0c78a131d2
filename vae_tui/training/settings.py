"""What of a run can be changed while it trains, and taken back."""

from collections.abc import Mapping, Sequence
from typing import Any

from vae_tui.errors import UsageError
from vae_tui.run.config import RunConfig


class Settings:
    """beta, lr and epochs as they are now, and what was changed in which order."""

    def __init__(self, config: RunConfig) -> None:
        self._values: dict[str, float] = {
            "beta": config.beta,
            "lr": config.lr,
            "epochs": config.epochs,
        }
        self._undo: list[tuple[str, float]] = []

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def change(self, name: str, value: float) -> float:
        """Set one; return what it was."""
        old, self._values[name] = self._values[name], value
        self._undo.append((name, old))
        return old

    def last_change(self) -> tuple[str, float]:
        """Return the name last changed, and its value before.

        Raises:
            UsageError: Nothing was changed.
        """
        if not self._undo:
            raise UsageError("nothing to undo: no setting was changed")
        return self._undo[-1]

    def undo(self) -> float:
        """Take the last change back; return what the setting was until now."""
        name, value = self.last_change()
        self._undo.pop()
        old, self._values[name] = self._values[name], value
        return old

    def state(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {"settings": dict(self._values), "undo": list(self._undo)}

    def load_state(self, settings: Mapping[str, Any], undo: Sequence[tuple[str, Any]]) -> None:
        """Take over what `state` returned; KeyError, TypeError or ValueError if it is none."""
        self._values = {name: float(settings[name]) for name in self._values}
        self._undo = [(str(name), float(value)) for name, value in undo]

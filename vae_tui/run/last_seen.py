"""How a run stood when a user last saw it, stored in the user's own state folder.

Not in the run folder: it is shared, may be read-only, and each user has seen something else.
"""

import contextlib
import dataclasses
import hashlib
import json
import math
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from vae_tui.run.events import finite
from vae_tui.run.folder import Run

MOST_RECORDS = 200
"""Older records are removed."""

_LARGEST_RECORD = 4096


@dataclass(frozen=True, slots=True)
class Seen:
    """How a run stood at a moment."""

    time: float
    """Unix seconds."""
    state: str
    step: int
    epoch: float
    best_test_loss: float
    """NaN before the first test."""
    offset: int
    """Bytes of ``events.jsonl`` that had been read."""


class LastSeenStore:
    """Stores how one run was last seen; a failure to store is ignored."""

    def __init__(self, run: Run, folder: Path) -> None:
        """Store in ``folder``, which is created when needed."""
        self._run = run
        self._folder = folder
        self._kept_before = False

    def load(self) -> Seen | None:
        """Return how the run was last seen; None when unknown."""
        try:
            with self._path().open("rb") as file:
                raw = json.loads(file.read(_LARGEST_RECORD))
            values = {field.name: raw[field.name] for field in dataclasses.fields(Seen)}
            best = math.nan if values["best_test_loss"] is None else values["best_test_loss"]
            return Seen(
                time=float(values["time"]),
                state=str(values["state"]),
                step=int(values["step"]),
                epoch=float(values["epoch"]),
                best_test_loss=float(best),
                offset=int(values["offset"]),
            )
        except (OSError, ValueError, LookupError, TypeError, OverflowError, RecursionError):
            return None

    def keep(self, seen: Seen) -> None:
        """Store it atomically, without fsync, which would wait for the disk each time."""
        with contextlib.suppress(OSError, LookupError):
            path = self._path()
            if not self._kept_before:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._remove_oldest()
                self._kept_before = True
            descriptor, temporary = tempfile.mkstemp(prefix=".seen-", dir=self._folder)
            try:
                with os.fdopen(descriptor, "w", encoding="ascii") as file:
                    json.dump(finite(dataclasses.asdict(seen)), file)
                Path(temporary).replace(path)
            except OSError:
                Path(temporary).unlink()

    def _path(self) -> Path:
        """Return the record's file; LookupError before the run's first event.

        A later run can have the same path: the first event tells them apart.
        """
        try:
            with self._run.events.open("rb") as file:
                first = file.readline(_LARGEST_RECORD)
        except OSError:
            first = b""
        if not first.endswith(b"\n"):
            raise LookupError("no event yet")
        identity = hashlib.sha256(os.fsencode(self._run.path.resolve()) + b"\n" + first)
        return self._folder / f"{identity.hexdigest()[:32]}.json"

    def _remove_oldest(self) -> None:
        files = [entry for entry in os.scandir(self._folder) if entry.is_file()]
        files.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
        for entry in files[MOST_RECORDS - 1 :]:
            Path(entry.path).unlink()

"""The file named with ``-o``: checked early, written completely or not at all."""

import csv
import difflib
import errno
import io
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.run.files import replace
from vae_tui.run.folder import reason
from vae_tui.run.runs_folder import holds_run

_OF_A_RUN = ("weights.safetensors", "best.safetensors", "probe.safetensors", "state.pt")
_ROWS_AT_ONCE = 1_000
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def check_output(path: Path, suffixes: Sequence[str]) -> None:
    """Raise UsageError unless the path has one of these suffixes and is in an existing folder.

    It may be no file of a run either: those are a trainer's alone.
    """
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        near = difflib.get_close_matches(suffix, suffixes, n=1)
        nearest = path.with_suffix(near[0] if near else suffixes[0]) if path.name else "FILE.png"
        raise UsageError(
            f"-o {path}: the name must end in {' or '.join(suffixes)}, {nearest} for example"
        )
    if path.is_dir():
        raise UsageError(f"-o {path} is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise UsageError(f"-o {path}: there is no folder {path.parent}")
    if run := _run_of(path):
        raise UsageError(f"-o {path} is a file of the run {run}; give another name")


def _run_of(path: Path) -> str:
    """Return the name of the run, one of whose files the path names; empty if there is none."""
    folder, name = path.resolve().parent, path.resolve().name
    if folder.name == "history" and holds_run(folder.parent):
        return folder.parent.name
    return folder.name if name in _OF_A_RUN and holds_run(folder) else ""


def csv_table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table as CSV in UTF-8, the column names first."""
    return b"".join(csv_blocks(names, rows))


def csv_blocks(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield a table as CSV in UTF-8, the column names first, in blocks of bounded size."""
    rest = itertools.chain([names], rows)
    while block := list(itertools.islice(rest, _ROWS_AT_ONCE)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(block)
        yield text.getvalue().encode()


def write(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file, whose content may be given in blocks, completely or not at all.

    UsageError when it cannot be written there, VaeTuiError when the disk is full or broken.
    """
    try:
        replace(path, content)
        mask = os.umask(0o077)  # can only be read by setting it; meanwhile a stricter one is safe
        os.umask(mask)
        path.chmod(0o666 & ~mask)  # the temporary file was readable by the owner only
    except (OSError, ValueError) as error:
        is_disk = isinstance(error, OSError) and error.errno in _DISK
        kind = VaeTuiError if is_disk else UsageError
        raise kind(f"-o {path} cannot be written: {reason(error)}") from None

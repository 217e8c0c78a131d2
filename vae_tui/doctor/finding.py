"""The result of one check."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, with the commands that fix it."""

    about: str
    """The subject, in a word: colours, torch, runs."""
    level: str
    """``ok``, ``note`` (a run works without it) or ``problem`` (a run would fail)."""
    text: str
    fix: tuple[str, ...] = ()
    """Lines to run or to add to a file, each with where it goes."""


def ok(about: str, text: str) -> Finding:
    """Return a finding that needs no action."""
    return Finding(about, "ok", text)


def note(about: str, text: str, *fix: str) -> Finding:
    """Return a finding that does not stop a run."""
    return Finding(about, "note", text, fix)


def problem(about: str, text: str, *fix: str) -> Finding:
    """Return a finding that would stop a run."""
    return Finding(about, "problem", text, fix)

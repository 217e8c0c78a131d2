"""What the doctor has to say of one thing."""

from dataclasses import dataclass

OK, NOTE, PROBLEM = "ok", "note", "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    about: str
    """In a word: colours, torch, runs ..."""
    level: str
    """ok, note, or problem: a problem would stop a run."""
    text: str
    mend: tuple[str, ...] = ()
    """Lines to type or to put into a file, each after where it goes."""


def ok(about: str, text: str) -> Finding:
    """Return a finding that nothing has to be done about."""
    return Finding(about, OK, text)


def note(about: str, text: str, *mend: str) -> Finding:
    """Return a finding that a run does without."""
    return Finding(about, NOTE, text, mend)


def problem(about: str, text: str, *mend: str) -> Finding:
    """Return a finding that would stop a run."""
    return Finding(about, PROBLEM, text, mend)

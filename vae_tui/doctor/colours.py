"""Which colours the program uses here, and which rule decided it."""

from collections.abc import Mapping
from dataclasses import dataclass

from vae_tui.terminal.capabilities import colour_system

NONE, STANDARD, PALETTE, TRUECOLOR = "none", "16", "256", "truecolor"


@dataclass(frozen=True, slots=True)
class Colours:
    """What is used, and why."""

    system: str
    """none, 16, 256 or truecolor."""
    because: str


def colours_in_use(environment: Mapping[str, str]) -> Colours:
    """Return what the screen will use: Rich's rules, Textual's before and ours between them."""
    term = environment.get("TERM", "")
    if "NO_COLOR" in environment:
        return Colours(NONE, "NO_COLOR is set")
    if asked := environment.get("TEXTUAL_COLOR_SYSTEM"):
        if asked != "auto":
            known = {"standard": STANDARD, "256": PALETTE, "truecolor": TRUECOLOR}
            return Colours(known.get(asked, NONE), f"TEXTUAL_COLOR_SYSTEM={asked}")
    elif insisted := colour_system(environment):
        return Colours(insisted, f"TERM={term} promises fewer, but terminals of today have them")
    colorterm = environment.get("COLORTERM", "").strip().lower()
    if colorterm in ("truecolor", "24bit"):
        return Colours(TRUECOLOR, f"COLORTERM={colorterm}")
    suffix = term.strip().lower().rpartition("-")[2]
    if suffix in ("256color", "kitty"):
        return Colours(PALETTE, f"TERM={term}, and COLORTERM is not truecolor")
    return Colours(STANDARD, f"TERM={term or 'nothing'} promises no more")

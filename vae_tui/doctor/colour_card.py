"""The test card: greys and half-blocks, with what a user should see."""

from collections.abc import Sequence

from vae_tui.terminal.capabilities import PALETTE, STANDARD, TRUECOLOR
from vae_tui.terminal.grey_levels import ASCII, GREYS, PALETTE_ENTRIES, SHADES

_WIDTH = len(GREYS)
_RESET = "\x1b[0m"
_WAVE = "⣀⣤⢲⢙⠋⠃⠉⠛⠶⡤⣈⢀⡀"


def card(colours: str, unicode: bool) -> list[str]:
    """Return the lines of the card; ``colours`` is none, 16, 256 or truecolor."""
    if not unicode:
        return [f"  {_stretched(ASCII)}  ten characters, from dark to light"]
    if colours == TRUECOLOR:
        lines = _greys([f"2;{grey};{grey};{grey}" for grey in GREYS])
    elif colours == PALETTE:
        lines = _greys([f"5;{entry}" for entry in PALETTE_ENTRIES])
    else:
        lines = [f"  {_stretched(SHADES)}  five shades, from dark to light"]
        if colours == STANDARD:
            ramp = "".join(f"\x1b[{code}m   " for code in (40, 100, 47, 107))
            lines.append(f"  {ramp}{_RESET}  four greys")
        lines.append(f"  {'▀▄' * 13}  halves of cells, up and down")
    return [*lines, f"  {_WAVE}{_WAVE[::-1]}  dots in a wave, two by four a cell"]


def _greys(colours: Sequence[str]) -> list[str]:
    """Return a ramp, and two rows that must look the same: of upper and of lower halves."""
    ramp = "".join(f"\x1b[48;{colour}m " for colour in colours)
    pairs = list(zip(colours, reversed(colours), strict=True))
    upper = "".join(f"\x1b[48;{below};38;{above}m▀" for above, below in pairs)
    lower = "".join(f"\x1b[48;{above};38;{below}m▄" for above, below in pairs)
    return [
        f"  {ramp}{_RESET}  {_WIDTH} greys, each lighter than the one before",
        f"  {upper}{_RESET}  upper halves: light below at the left",
        f"  {lower}{_RESET}  lower halves: the same picture again",
    ]


def _stretched(characters: str) -> str:
    return "".join(each * (_WIDTH // len(characters)) for each in characters).ljust(_WIDTH)

"""The test card: greys and half-blocks, with what a user should see."""

from vae_tui.terminal.capabilities import PALETTE, STANDARD, TRUECOLOR
from vae_tui.terminal.grey_levels import ASCII, GREYS, SHADES

_RESET = "\x1b[0m"
_BRAILLE = (0xC0, 0xE4, 0xB2, 0x99, 0x0B, 0x03, 0x09, 0x1B, 0x36, 0x64, 0xC8, 0x80, 0x40)


def card(colours: str, unicode: bool) -> list[str]:
    """Return the lines of the card; ``colours`` is none, 16, 256 or truecolor."""
    if not unicode:
        return [f"  {_stretched(ASCII)}  ten characters, from dark to light"]
    if colours in (PALETTE, TRUECOLOR):
        lines = _greys(colours)
    else:
        lines = [f"  {_stretched(SHADES)}  five shades, from dark to light"]
        if colours == STANDARD:
            ramp = "".join(f"\x1b[{code}m   " for code in (40, 100, 47, 107))
            lines.append(f"  {ramp}{_RESET}  four greys")
        lines.append(f"  {'▀▄' * 13}  halves of cells, up and down")
    braille = "".join(chr(0x2800 + dots) for dots in (*_BRAILLE, *reversed(_BRAILLE)))
    return [*lines, f"  {braille:26}  dots in a wave, two by four a cell"]


def _greys(colours: str) -> list[str]:
    """Return a ramp, and two rows that must look the same: of upper and of lower halves."""
    behind = [f"\x1b[{_grey(48, level, colours)}" for level in range(len(GREYS))]
    front = [f";{_grey(38, level, colours)}m" for level in range(len(GREYS))]
    ramp = "".join(f"{grey}m " for grey in behind)
    upper = "".join(low + high + "▀" for low, high in zip(reversed(behind), front, strict=True))
    lower = "".join(high + low + "▄" for high, low in zip(behind, reversed(front), strict=True))
    return [
        f"  {ramp}{_RESET}  {len(GREYS)} greys, each lighter than the one before",
        f"  {upper}{_RESET}  upper halves: light below at the left",
        f"  {lower}{_RESET}  lower halves: the same picture again",
    ]


def _grey(layer: int, level: int, colours: str) -> str:
    if colours == TRUECOLOR:
        return f"{layer};2;{GREYS[level]};{GREYS[level]};{GREYS[level]}"
    entry = {0: 16, len(GREYS) - 1: 231}.get(level, 231 + level)
    return f"{layer};5;{entry}"


def _stretched(characters: str) -> str:
    return "".join(each * (26 // len(characters)) for each in characters).ljust(26)

"""The test card: greys and half-blocks, with what a user should see."""

from vae_tui.terminal.capabilities import NONE, PALETTE, STANDARD, TRUECOLOR
from vae_tui.terminal.grey_levels import ASCII, GREYS, SHADES

_INDENT = "  "
_RESET = "\x1b[0m"


def card(colours: str, unicode: bool) -> list[str]:
    """Return the lines of the card; ``colours`` is none, 16, 256 or truecolor."""
    if not unicode:
        return [f"{_INDENT}{_stretched(ASCII)}  ten characters, from dark to light"]
    lines = []
    if colours in (PALETTE, TRUECOLOR):
        ramp = "".join(_cell(level, None, colours) for level in range(len(GREYS)))
        lines += [f"{_INDENT}{ramp}{_RESET}  {len(GREYS)} greys, each lighter than the one before"]
        lines += _half_blocks(colours)
    else:
        lines += [f"{_INDENT}{_stretched(SHADES)}  five shades, from dark to light"]
        if colours == STANDARD:
            ramp = "".join(f"\x1b[{code}m   " for code in (40, 100, 47, 107))
            lines += [f"{_INDENT}{ramp}{_RESET}  four greys"]
        if colours in (NONE, STANDARD):
            lines += [f"{_INDENT}{'▀▄' * 13}  halves of cells, up and down"]
    braille = "".join(chr(0x2800 + dots) for dots in (*_BRAILLE, *reversed(_BRAILLE)))
    lines.append(f"{_INDENT}{braille:26}  dots in a wave, two by four a cell")
    return lines


_BRAILLE = (0xC0, 0xE4, 0xB2, 0x99, 0x0B, 0x03, 0x09, 0x1B, 0x36, 0x64, 0xC8, 0x80, 0x40)


def _half_blocks(colours: str) -> list[str]:
    """Return two rows that must look the same: one of upper halves, one of lower halves."""
    count = len(GREYS)
    pairs = [(level, count - 1 - level) for level in range(count)]
    upper = "".join(_cell(low, high, colours) + "▀" for high, low in pairs)
    lower = "".join(_cell(high, low, colours) + "▄" for high, low in pairs)
    return [
        f"{_INDENT}{upper}{_RESET}  upper halves: light below at the left",
        f"{_INDENT}{lower}{_RESET}  lower halves: the same picture again",
    ]


def _cell(background: int, foreground: int | None, colours: str) -> str:
    """Return the sequence that sets two grey levels; with no foreground, a whole blank cell."""
    begin = f"\x1b[{_grey(48, background, colours)}"
    return f"{begin}m " if foreground is None else f"{begin};{_grey(38, foreground, colours)}m"


def _grey(layer: int, level: int, colours: str) -> str:
    if colours == TRUECOLOR:
        return f"{layer};2;{GREYS[level]};{GREYS[level]};{GREYS[level]}"
    entry = {0: 16, len(GREYS) - 1: 231}.get(level, 231 + level)
    return f"{layer};5;{entry}"


def _stretched(characters: str) -> str:
    width = 26 // len(characters)
    return "".join(character * width for character in characters).ljust(26)

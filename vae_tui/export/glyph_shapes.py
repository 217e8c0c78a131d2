"""Characters that are shapes: blocks, bars, braille and lines, in cells of 8 by 16 pixels."""

WIDTH, HEIGHT = 8, 16
"""Size of a cell in pixels; half a cell is a square."""
_SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
_LEFT_BARS = "▏▎▍▌▋▊▉"
_LOWER_BARS = "▁▂▃▄▅▆▇"
_LIGHT = dict(zip("─│┌┐└┘├┤┬┴┼╌┆┊╭╮╰╯", (
    *("lr", "ud", "rd", "ld", "ru", "lu", "rud", "lud", "lrd", "lru", "lrud", "lr", "ud", "ud"),
    *("RD", "LD", "RU", "LU"),
), strict=True))  # fmt: skip
"""The sides that a line connects; capitals are a round corner."""
_HEAVY = {"━": (0, 8, 7, 2), "╸": (0, 4, 7, 2), "╺": (4, 4, 7, 2), "┃": (3, 2, 0, 16)}
"""Left, width, top and height of a bar."""
_BRAILLE_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of each bit of a braille character."""


def pixels_of(character: str, colour: str, ground: str) -> tuple[str, str]:
    """Return the colours of the upper and the lower half of a cell, without lines and text."""
    if character == "▀":
        return colour, ground
    if character == "▄":
        return ground, colour
    if character == "█":
        return colour, colour
    if share := _SHADES.get(character):
        mixed = _mix(colour, ground, share)
        return mixed, mixed
    return ground, ground


def rectangles_of(character: str, x: int, y: int) -> list[str]:
    """Return the paths to fill for a character at column ``x``, row ``y``; none if it has none."""
    left, top = x * WIDTH, y * HEIGHT
    if character in _HEAVY:
        from_left, width, from_top, height = _HEAVY[character]
        return [_rectangle(left + from_left, top + from_top, width, height)]
    if character in _LEFT_BARS:
        return [_rectangle(left, top, _LEFT_BARS.index(character) + 1, HEIGHT)]
    if character == "▐":
        return [_rectangle(left + WIDTH // 2, top, WIDTH // 2, HEIGHT)]
    if character != "▄" and character in _LOWER_BARS:
        height = 2 * (_LOWER_BARS.index(character) + 1)
        return [_rectangle(left, top + HEIGHT - height, WIDTH, height)]
    if "\u2801" <= character <= "\u28ff":
        bits = ord(character) - 0x2800
        return [
            _rectangle(left + 1 + 4 * column, top + 1 + 4 * row, 2, 2)
            for bit, (column, row) in enumerate(_BRAILLE_DOTS)
            if bits >> bit & 1
        ]
    return []


def line_of(character: str, x: int, y: int) -> str:
    """Return the path to stroke for a character at column ``x``, row ``y``; empty if none."""
    sides = _LIGHT.get(character, "")
    left, top = x * WIDTH, y * HEIGHT
    middle, centre = left + WIDTH / 2, top + HEIGHT / 2
    ends = {
        "l": f"{left} {centre:g}", "r": f"{left + WIDTH} {centre:g}",
        "u": f"{middle:g} {top}", "d": f"{middle:g} {top + HEIGHT}",
    }  # fmt: skip
    if sides.isupper():
        across, along = (ends[side.lower()] for side in sides)
        return f"M{across}Q{middle:g} {centre:g} {along}"
    return "".join(f"M{middle:g} {centre:g}L{ends[side]}" for side in sides)


def _rectangle(left: int, top: int, width: int, height: int) -> str:
    return f"M{left} {top}h{width}v{height}h-{width}z"


def _mix(colour: str, ground: str, share: float) -> str:
    """Return ``share`` of one colour and the rest of another, ``#rrggbb`` each."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + bytes(round(share * one + (1 - share) * other) for one, other in pairs).hex()

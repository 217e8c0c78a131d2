"""The greys and characters that pictures are drawn with."""

GREYS = (0, *range(8, 239, 10), 255)
"""The grey levels of a 256-colour terminal, from black to white."""
PALETTE_ENTRIES = (16, *range(232, 256), 231)
"""Their numbers in the terminal's palette."""
SHADES = " ░▒▓█"
"""From dark to light, for terminals of 16 colours and ``NO_COLOR``."""
ASCII = " .:-=+*#%@"
"""From dark to light, for terminals without UTF-8."""

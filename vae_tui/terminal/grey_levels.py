"""The greys and characters that pictures are drawn with."""

GREYS = (0, *range(8, 239, 10), 255)
"""Levels of a 256-colour terminal: black, palette entries 232 to 255, white."""
SHADES = " ░▒▓█"
"""From dark to light, for terminals of 16 colours and ``NO_COLOR``."""
ASCII = " .:-=+*#%@"
"""From dark to light, for terminals without UTF-8."""

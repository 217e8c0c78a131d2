"""The colours of the ten classes, the same on the screen and in pictures of the map.

All are of the 256-colour cube and readable on black; whatever uses them also writes the class.
"""

CLASS_COLOURS = (
    "#ff5f5f",
    "#ff8700",
    "#ffd700",
    "#87d700",
    "#00d787",
    "#00d7ff",
    "#5f87ff",
    "#af5fff",
    "#ff87d7",
    "#d7d7d7",
)
"""By class, 0 to 9."""

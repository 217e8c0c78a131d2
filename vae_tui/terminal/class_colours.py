"""Colours and marks of classes, the same on the screen and in pictures of the map."""

import string

CLASS_COLOURS = (
    *("#ff5f5f", "#ff8700", "#ffd700", "#87d700", "#00d787"),
    *("#00d7ff", "#5f87ff", "#af5fff", "#ff87d7", "#d7d7d7"),
)
"""From the 256-colour cube, readable on black. Further classes repeat them."""
CLASS_MARKS = string.digits + string.ascii_uppercase + string.ascii_lowercase
"""One character a class, so that classes differ without colour."""


def class_colour(label: int) -> str:
    """Return the colour of a class."""
    return CLASS_COLOURS[label % len(CLASS_COLOURS)]


def class_mark(label: int) -> str:
    """Return the character that stands for a class."""
    return CLASS_MARKS[label % len(CLASS_MARKS)]

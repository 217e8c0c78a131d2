"""The resize events that Textual loses when it computes a layout early.

In Textual 8.2.8 the repaint of a widget that is not in the layout makes the next look-up of any
widget's place compute it anew. The layout that follows then finds no difference, and no widget
hears of its size: a notice stays empty, digits keep the size of a smaller view.
"""

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget


class LostResizes:
    """Posts Resize to every widget of a screen that a layout gave another size.

    Where Textual has posted the event too, the widget draws the same once more.
    """

    def __init__(self, screen: Screen[Any]) -> None:
        self._sizes: WeakKeyDictionary[Widget, Size] = WeakKeyDictionary()
        """After the last layout in which each was displayed."""
        screen.screen_layout_refresh_signal.subscribe(screen, self._post, immediate=True)

    def _post(self, screen: Screen[Any]) -> None:
        for widget in _displayed(screen):
            size = widget.outer_size
            if size and size != self._sizes.get(widget):
                self._sizes[widget] = size
                widget.post_message(Resize(size, widget.virtual_size, widget.container_size))


def _displayed(widget: Widget) -> Iterator[Widget]:
    for child in widget.displayed_children:
        yield child
        yield from _displayed(child)

"""The classes: the mean of each, decoded, and below it its mark, its name and its images.

Or, without classes, test images with their names.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.reactive import var
from textual.strip import Strip

from vae_tui.arrays import Bytes
from vae_tui.terminal.class_colours import class_mark
from vae_tui.terminal.half_blocks import Palette, side_by_side
from vae_tui.terminal.tiles import GAP, fitting, scale
from vae_tui.text import cut
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.pictures import GRID_SIZES


@dataclass(frozen=True, slots=True, eq=False)
class ClassList:
    """The classes of the images on the map."""

    images: Bytes
    """The decoded means, uint8 (K, H, W)."""
    labels: Sequence[int]
    """(K,); empty for images without classes, as are the counts."""
    names: Sequence[str]
    """(K,)."""
    counts: Sequence[int]
    """(K,): how many images each class has on the map."""
    palette: Palette = Palette.COLOURS_256


class ClassGrid(Drawing):
    """Draws ``content``, as large as there is room; only marks and counts where there is little."""

    content: var[ClassList | None] = var(None)
    watch_content = Drawing.redraw

    def _draw(self) -> None:
        classes, (width, height) = self.content, self.size
        if classes is None or not classes.names or width < 1 or height < 1:
            self.show_rows([])
            return
        columns, pixels = grid_layout(width, height, len(classes.names))
        if columns and _cuts_names(classes, pixels):
            names = _names(classes, width)
            listed_columns, listed_pixels = grid_layout(width, height - len(names), len(names))
            if listed_columns:
                rows = self._pictures(classes, listed_pixels, listed_columns, has_names=False)
                if len(rows) + len(names) < height:
                    rows.append(Strip.blank(0))
                rows += map(self.strip, names)
                self.show_rows(rows)
                return
        if columns:
            self.show_rows(self._pictures(classes, pixels, columns, has_names=True))
        else:
            self.show_text(_text(classes, width, height))

    def _pictures(
        self, classes: ClassList, pixels: int, columns: int, *, has_names: bool
    ) -> list[Strip]:
        images, ground = scale(classes.images, pixels), self.picture_ground
        rows: list[Strip] = []
        for first in range(0, len(images), columns):
            row_images = images[first : first + columns]
            rows += map(Strip, side_by_side(row_images, GAP, classes.palette, ground))
            line = Text(no_wrap=True)
            for index in range(first, min(first + columns, len(images))):
                label = _label(classes, index, pixels, has_name=has_names)
                label.append(" " * (pixels + GAP - label.cell_len))
                line.append_text(label)
            rows.append(self.strip(line))
        return rows


def grid_layout(width: int, height: int, count: int) -> tuple[int, int]:
    """Return columns and cells of the largest pictures that fit with a label below each, or 0, 0.

    The last row is full or nearly so: ten classes stand in 2 x 5 or 5 x 2.
    """
    spare = max(1, count // 10)
    full = [one for one in range(1, count + 1) if -(-count // one) * one - count <= spare]
    for pixels in GRID_SIZES:
        for columns in (one for one in full if one <= fitting(width, pixels)):
            if -(-count // columns) * (pixels // 2 + 1) <= height:
                return columns, pixels
    return 0, 0


def _cuts_names(classes: ClassList, width: int) -> bool:
    """Whether names of classes do not fit between mark and count in ``width`` cells."""
    return bool(classes.labels) and any(
        name != class_mark(label) and len(name) > width - len(f"{count}") - 3
        for label, name, count in zip(classes.labels, classes.names, classes.counts, strict=True)
    )


def _names(classes: ClassList, width: int) -> list[Text]:
    """Return ``3 Dress`` for each class."""
    return [
        Text.assemble((f"{class_mark(label)} {cut(name, width - 2)}", f"class{label % 10}"))
        for label, name in zip(classes.labels, classes.names, strict=True)
    ]


def _label(classes: ClassList, index: int, width: int, *, has_name: bool = True) -> Text:
    """Return ``7 99``, or ``3 Dress 107``: the mark, a name that is not the mark, the count."""
    if not classes.labels:
        return Text(cut(classes.names[index], width), "quiet")
    label, name, count = classes.labels[index], classes.names[index], f"{classes.counts[index]}"
    mark = class_mark(label)
    text = _mark(label)
    room = width - len(mark) - len(count) - 2
    if has_name and name != mark and room > 2:
        text.append(f" {cut(name, room)}", f"class{label % 10}")
    return text.append(f" {count}", "quiet")


def _text(classes: ClassList, width: int, height: int) -> list[Text]:
    """Return the labels alone, in columns; only the marks where even these do not fit."""
    labels = [_label(classes, index, width) for index in range(len(classes.names))]
    widest = max(label.cell_len for label in labels) + 2
    columns = max((width + 2) // widest, 1)
    if -(-len(labels) // columns) <= height:
        for label in labels:
            label.append(" " * (widest - label.cell_len))
        return [
            Text.assemble(*labels[first : first + columns])
            for first in range(0, len(labels), columns)
        ]
    marks = [_mark(label) for label in classes.labels]
    per_row = max((width + 1) // 2, 1)
    starts = range(0, min(len(marks), per_row * height), per_row)
    return [Text(" ").join(marks[first : first + per_row]) for first in starts]


def _mark(label: int) -> Text:
    mark = Text(class_mark(label), f"class{label % 10}")
    mark.stylize("bold")
    return mark

"""Points in two dimensions, their classes shown by colour and mark, with bubbles and a cursor."""

from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.events import Click
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from vae_tui.arrays import Bytes, Floats
from vae_tui.terminal.class_colours import CLASS_MARKS
from vae_tui.tui.state.map_plane import Indices, Window
from vae_tui.tui.widgets.drawing import SizedByView
from vae_tui.tui.widgets.map.numerals import numerals

_BRAILLE = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""The dots of a braille character, (4, 2)."""
DENSITY = {True: " ·•●", False: " .oO"}
"""Marks of points without classes, in Unicode or not: none, one, a few, many in a cell."""
_A_FEW, _MANY = 2, 4
_WITHOUT_CLASSES = 5
"""The class whose colour they have."""
CORNERS = 96
"""Points on the outline of a bubble."""


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """The content of a scatter plot."""

    points: Floats
    """(N, 2)."""
    labels: Bytes
    """(N,): classes."""
    window: Window
    cursor: tuple[float, float] = (0.0, 0.0)
    outlines: Floats | None = None
    """Bubbles around the points, (N, M, 2)."""
    centres: tuple[tuple[int, tuple[float, float]], ...] = ()
    """Classes with the points at which their marks are drawn."""
    names: tuple[str, ...] = ()
    """Of the classes, if they say more than the marks; a cell for each character."""
    mixed: frozenset[int] = frozenset()
    """Classes that lie among others: where most do, all names are small and cover few points."""
    has_classes: bool = True
    unicode: bool = True


def with_bubbles(cloud: Cloud, chosen: Indices, basis: Floats, logvars: Floats) -> Cloud:
    """Return the cloud of only the points ``chosen`` (M,), with ellipses of one standard deviation.

    ``basis`` (d, 2) is that of the plane, ``logvars`` (N, d) are the log-variances of q(z|x).
    """
    variances = np.exp(logvars[chosen].astype(np.float64))
    covariances = np.einsum("dk,nd,dl->nkl", basis, variances, basis)
    # The square root of a covariance maps the unit circle to the outline. Rounding may leave
    # eigenvalues slightly negative.
    lengths, axes = np.linalg.eigh(covariances)
    roots = axes * np.sqrt(np.maximum(lengths, 0))[:, None, :]
    angles = np.linspace(0, 2 * np.pi, CORNERS)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    points = cloud.points[chosen]
    outlines = points[:, None, :] + (roots @ circle).transpose(0, 2, 1).astype(np.float32)
    return replace(cloud, points=points, labels=cloud.labels[chosen], outlines=outlines)


class Scatter(SizedByView):
    """Draws ``cloud``; a cell with several points shows the most frequent class.

    Without classes it shows how many they are.
    """

    cloud: var[Cloud | None] = var(None)

    @dataclass
    class Clicked(Message):
        """The mouse clicked a point of the plane."""

        point: tuple[float, float]
        is_double: bool

    watch_cloud = SizedByView.redraw

    def on_click(self, event: Click) -> None:
        """Report the point that was clicked."""
        if self.cloud is not None:
            point = self.cloud.window.point(event.x, event.y)
            self.post_message(self.Clicked(point, event.chain == 2))

    def _draw(self) -> None:
        cloud = self.cloud
        if cloud is None or not len(cloud.points):
            self.show_rows([])
            return
        characters, classes = _marks(cloud)
        if cloud.outlines is not None:
            _draw_outlines(cloud, characters, classes)
        if not cloud.has_classes:
            classes[classes >= 0] = _WITHOUT_CLASSES
        bare = characters.copy()
        emphasis = _draw_numerals(cloud, characters, classes, bare)
        styles = [Style(), *(self.app.console.get_style(f"class{number}") for number in range(10))]
        styles += [style + Style(bold=True) for style in styles] + [
            style + Style(bold=True, reverse=True) for style in styles
        ]
        style_of_cell = np.where(classes < 0, 0, classes % 10 + 1) + len(styles) // 3 * emphasis
        _draw_cursor(cloud, characters, bare, style_of_cell, len(styles))
        styles.append(_cursor_style(self.app.theme_variables["background"]))
        rows = zip(characters.tolist(), style_of_cell.tolist(), strict=True)
        self.show_rows([Strip(_segments(letters, row, styles)) for letters, row in rows])


def _cursor_style(background: str) -> Style:
    """Return black on white, or on a light theme white on black: colours that no class has."""
    ground = Color.parse(background)
    return Style(color=ground.hex, bgcolor=ground.get_contrast_text(1).hex, bold=True)


def _draw_cursor(
    cloud: Cloud,
    characters: NDArray[np.str_],
    bare: NDArray[np.str_],
    style_of_cell: Indices,
    style_index: int,
) -> None:
    """Draw the cursor as ``[8]``, around the mark that is ``bare`` there, or ``[+]``."""
    columns, rows = cloud.window.cells(np.array([cloud.cursor], np.float32))
    column, row = int(columns[0]), int(rows[0])
    height, width = characters.shape
    if 0 <= row < height and 0 <= column < width:
        mark = bare[row, column] if bare[row, column] != " " else "+"
        for x, letter in zip(range(column - 1, column + 2), f"[{mark}]", strict=True):
            if 0 <= x < width:
                characters[row, x], style_of_cell[row, x] = letter, style_index


def _segments(letters: list[str], style_of_cell: list[int], styles: list[Style]) -> list[Segment]:
    """Return one row of cells; ``style_of_cell`` are indices into ``styles``."""
    segments, start = [], 0
    for style_index, cells in groupby(style_of_cell):
        end = start + len(list(cells))
        segments.append(Segment("".join(letters[start:end]), styles[style_index]))
        start = end
    return segments


def _marks(cloud: Cloud) -> tuple[NDArray[np.str_], Indices]:
    """Return character and class of each cell, (H, W); the class is -1 if it is empty."""
    window = cloud.window
    columns, rows = window.cells(cloud.points)
    inside = (columns >= 0) & (columns < window.width) & (rows >= 0) & (rows < window.height)
    counts = np.zeros((window.height, window.width, cloud.labels.max() + 1), np.intp)
    np.add.at(counts, (rows[inside], columns[inside], cloud.labels[inside]), 1)
    classes = np.where(counts.any(2), counts.argmax(2), -1)
    if not cloud.has_classes:
        levels = np.digitize(counts.sum(2), (1, _A_FEW, _MANY))
        return np.array(list(DENSITY[cloud.unicode]))[levels], classes
    marks = np.array(list(CLASS_MARKS))
    characters = np.where(classes >= 0, marks[classes % len(marks)], " ")
    return characters, classes


def _draw_numerals(
    cloud: Cloud, characters: NDArray[np.str_], classes: Indices, bare: NDArray[np.str_]
) -> Indices:
    """Draw the numerals of the classes over the points; into ``bare`` the marks before names.

    Returns for each cell 1 where a numeral is made of blocks, 2 where it is text, else 0.
    """
    covered = np.zeros(characters.shape, np.intp)
    columns, rows = cloud.window.cells(
        np.array([point for _, point in cloud.centres]).reshape(-1, 2)
    )
    places = [
        (label, float(column), float(row))
        for (label, _), column, row in zip(cloud.centres, columns, rows, strict=True)
    ]
    height, width = characters.shape
    placed = numerals(
        *(places, width, height), unicode=cloud.unicode, mixed=cloud.mixed, names=cloud.names
    )
    for numeral in placed:
        area = (
            slice(numeral.top, numeral.top + len(numeral.rows)),
            slice(numeral.left, numeral.left + len(numeral.rows[0])),
        )
        characters[area] = [list(row) for row in numeral.rows]
        if cloud.names and len(numeral.rows) == 1:  # the cursor at a name shows its mark
            bare[numeral.top, numeral.left + 1] = characters[numeral.top, numeral.left + 1]
        classes[area], covered[area] = numeral.label, 1 if len(numeral.rows) > 1 else 2
    return covered


def _draw_outlines(cloud: Cloud, characters: NDArray[np.str_], classes: Indices) -> None:
    """Draw the outlines of bubbles as dots into empty cells."""
    assert cloud.outlines is not None
    window = cloud.window
    dots = np.zeros((window.height, window.width), np.intp)
    owner = np.full((window.height, window.width), -1)
    for outline, label in zip(cloud.outlines, cloud.labels, strict=True):
        x = np.floor((outline[:, 0] - window.left) / window.scale * 2).astype(int)
        y = np.floor((window.top - outline[:, 1]) / window.scale * 2).astype(int)
        inside = (x >= 0) & (x < 2 * window.width) & (y >= 0) & (y < 4 * window.height)
        x, y = x[inside], y[inside]
        np.bitwise_or.at(dots, (y // 4, x // 2), _BRAILLE[y % 4, x % 2])
        owner[y // 4, x // 2] = label
    free = (characters == " ") & (dots > 0)
    characters[free] = [chr(0x2800 + dot) if cloud.unicode else "." for dot in dots[free]]
    classes[free] = owner[free]

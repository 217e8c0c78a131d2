"""Short entries in as many columns as fit."""

from collections.abc import Callable

from rich.text import Text


def in_columns(
    draw: Callable[[int, int], Text],
    count: int,
    width: int,
    height: int,
    *,
    least: int,
    most: int,
    shown: int = 0,
) -> list[Text]:
    """Return ``height`` lines with entries 0 to ``count`` - 1, column by column.

    Args:
        draw: Returns entry ``index`` in a given number of cells.
        count: Number of entries.
        width: Cells.
        height: Lines.
        least: Minimum cells of a column.
        most: Maximum cells of a column.
        shown: Index of an entry that is never left out.
    """
    if not count or width < least or height < 1:
        return []
    columns = max(1, min(width // least, -(-count // height)))
    cells = min(width // columns, most)
    first = max(0, shown // height - columns + 1) * height
    lines = []
    for row in range(height):
        line = Text(no_wrap=True)
        for index in range(first + row, min(first + columns * height, count), height):
            line.append_text(draw(index, cells - 1)).append(" ")
        lines.append(line)
    return lines

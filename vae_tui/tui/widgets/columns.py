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

    ``draw`` returns entry ``index`` in a number of cells; a column has ``least`` to ``most`` cells;
    entry ``shown`` is never left out.
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

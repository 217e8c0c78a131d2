"""The axes of a chart, with their ticks and the position of the cursor."""

from vae_tui.tui.charts.axis import position_text
from vae_tui.tui.charts.canvas import Canvas, narrow_text
from vae_tui.tui.charts.frame import Frame

CURSOR = "cursor"
_AXIS, _QUIET = "rule", "quiet"


def draw_edges(canvas: Canvas, frame: Frame, x_label: str, cursor: float | None) -> None:
    """Draw both axes and the message of the frame; name the position of the cursor."""
    if frame.left:
        _draw_y_axis(canvas, frame)
    bottom = frame.rows
    canvas.write(bottom, 0, canvas.glyphs.rule * frame.columns, _AXIS)
    free = 0
    for start, text, style in _x_labels(canvas, frame, cursor):
        canvas.write(bottom, start, text, style)
        free = max(free, start + len(text) + 1)
    x_label = narrow_text(x_label, canvas.glyphs)
    if frame.x_ticks and len(x_label) < frame.left:
        canvas.write(bottom, -1 - len(x_label), x_label, _QUIET)
    elif frame.x_ticks and free + len(x_label) < frame.columns:
        canvas.write(bottom, frame.columns - len(x_label), x_label, _QUIET)
    if frame.message and len(frame.message) <= frame.columns:
        column = (frame.columns - len(frame.message)) // 2
        canvas.write((frame.rows - 1) // 2, column, frame.message, _QUIET, reserved=True)


def _draw_y_axis(canvas: Canvas, frame: Frame) -> None:
    for row in range(frame.rows):
        canvas.write(row, -1, canvas.glyphs.axis, _AXIS)
    # The upper ticks of a log axis are dense: of two in a row, the lower one is kept.
    by_row = {frame.row(tick.position): tick for tick in reversed(frame.y_ticks)}
    for row, tick in by_row.items():
        canvas.write(row, -1, canvas.glyphs.tick, _AXIS)
        canvas.write(row, -1 - len(tick.label), tick.label, _QUIET)
    canvas.write(frame.rows, -1, canvas.glyphs.corner, _AXIS)


def _x_labels(canvas: Canvas, frame: Frame, cursor: float | None) -> list[tuple[int, str, str]]:
    """Return start, text and style of the labels below the plot, none of which touch.

    The cursor's comes first, then the one at the end of the axis.
    """
    wishes = []
    if cursor is not None:
        wishes.append(_cursor_label(canvas, frame, cursor))
    for tick in (*frame.x_ticks[-1:], *frame.x_ticks[:-1]):
        start = frame.column(tick.position) - (len(tick.label) - 1) // 2
        start = min(max(start, 0), frame.columns - len(tick.label))
        wishes.append((start, tick.label, _QUIET))
    placed: list[tuple[int, str, str]] = []
    for start, text, style in wishes:
        if all(
            start > other + len(words) or start + len(text) < other for other, words, _ in placed
        ):
            placed.append((start, text, style))
    return placed


def _cursor_label(canvas: Canvas, frame: Frame, cursor: float) -> tuple[int, str, str]:
    position = position_text(10.0**cursor if frame.log_x else cursor)[: frame.columns - 1]
    column, foot = frame.column(cursor), canvas.glyphs.cursor_foot
    if column + len(position) < frame.columns:
        return column, foot + position, CURSOR
    return max(column - len(position), 0), position + foot, CURSOR

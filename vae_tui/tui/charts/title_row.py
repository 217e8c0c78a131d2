"""First row of a chart: its title, and each series with its newest value."""

from collections.abc import Sequence

from rich.text import Span, Text

from vae_tui.tui.charts.canvas import Glyphs, narrow_text
from vae_tui.tui.charts.series import Curve, shown_value

ALARM = "alarm"
_NOT_FINITE = ("nan", "inf", "-inf")
_ALL, _NAMES, _NONE = range(3)
"""Which labels are kept where it is narrow."""


def title_row(
    title: str, curves: Sequence[Curve], width: int, cursor: float | None, glyphs: Glyphs
) -> Text:
    """Return the title, and glyph, label and value of each series, as far as ``width`` allows.

    The values are the newest ones, or those at the cursor.
    """
    title = narrow_text(title, glyphs)
    word = title.split(" ")[0]
    legend = []
    for curve in sorted(curves, key=lambda curve: curve.series.is_named):
        if label := narrow_text(curve.series.label, glyphs):
            glyph = curve.series.mark or _sign(curve, glyphs)
            legend.append((curve.series, glyph, label, shown_value(curve, cursor)))
    for name, labels, gap in (
        (title, _ALL, "  "),
        (title, _ALL, " "),
        (word, _ALL, "  "),
        (word, _ALL, " "),
        (word, _NAMES, " "),
        (word, _NONE, " "),
        ("", _NONE, " "),
    ):
        heading = Text(name, spans=[Span(0, len(name), "bold")])
        for series, glyph, label, value in legend:
            has_label = labels == _ALL or (labels == _NAMES and series.is_named)
            words = (glyph, label, value) if has_label else (glyph[:1], value)
            heading.append(gap if heading else "").append(words[0], series.colour)
            heading.append(" " + " ".join(words[1:]), ALARM if value in _NOT_FINITE else "")
        if len(heading) <= width:
            break
    heading.truncate(width, overflow="crop", pad=True)
    return heading


def _sign(curve: Curve, glyphs: Glyphs) -> str:
    if curve.series.kind == "points":
        return glyphs.points[1]
    return glyphs.thick_line if curve.series.is_trend else glyphs.line

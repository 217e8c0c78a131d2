"""What a benchmark found, as an aligned table or, with ``--json``, as JSON."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence

Row = Mapping[str, object]
"""Column to value, in the order of the columns; None where there is nothing to show."""


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--json`` as every benchmark has it."""
    parser.add_argument("--json", action="store_true", help="print a list of objects")


def print_table(rows: Sequence[Row], *, as_json: bool = False) -> None:
    """Print rows on stdout; the columns are all keys, in the order in which they first come."""
    sys.stdout.write(json.dumps([dict(row) for row in rows]) if as_json else table(rows))
    sys.stdout.write("\n")


def table(rows: Sequence[Row]) -> str:
    """Return rows under a line of headings: text to the left, numbers to the right."""
    headings = list({key: None for row in rows for key in row})
    cells = [[_cell(row.get(heading)) for heading in headings] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    right = [any(_is_number(row.get(heading)) for row in rows) for heading in headings]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [headings, *cells]
    )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

"""Rows and columns of fixed width: what a pane shows.

Owns how cells become lines. Widths never depend on what the cells hold, so that nothing moves while values change.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from haops.ui.presenters.lines import Line, Role, Span, crop, fit, wrap

GAP = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its heading and its width in cells.

    `wants`: the width that it is given where there is room. `grows`: it takes what is left then (one column at most).
    `extra`: it is shown only where there is room for all extras.
    `volatile`: its changes are too frequent to be worth marking.
    """

    title: str
    width: int
    right: bool = False
    grows: bool = False
    wants: int = 0
    extra: bool = False
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the thing that it is about, and one span for each column."""

    key: str
    cells: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What a pane shows; `empty` says so in words when there is no row."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str = ""


def table_lines(table: Table, width: int) -> list[Line]:
    """Return the heading and the rows, every cell exactly as wide as its column."""
    if not table.rows:
        return wrap(Line((Span(table.empty, Role.DIM),)), width)
    shown = shown_columns(table.columns, width)
    widths = _widths([table.columns[index] for index in shown], width)
    heading = _line([Span(table.columns[index].title, Role.DIM) for index in shown], table, shown, widths, "")
    rows = [_line([row.cells[i] for i in shown], table, shown, widths, row.key) for row in table.rows]
    # Where even the narrow widths do not fit, the right edge gives way.
    return [crop(one, width) for one in (heading, *rows)]


def shown_columns(columns: Sequence[Column], width: int) -> list[int]:
    """Return which columns fit: all, or all but the extra ones."""
    every = list(range(len(columns)))
    if _needed(columns) <= width:
        return every
    return [index for index in every if not columns[index].extra]


def _needed(columns: Sequence[Column]) -> int:
    """Return the cells that these columns take with the gaps between them."""
    return sum(column.width + GAP for column in columns) - GAP


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """Return the width of each column; the growing one takes what is left."""
    left = max(width - _needed(columns), 0)
    more = [min(max(column.wants - column.width, 0), left) for column in columns]
    # Several wishes together may exceed what is left.
    left = max(left - sum(more), 0)
    return [column.width + own + (left if column.grows else 0) for column, own in zip(columns, more, strict=True)]


def _line(spans: Sequence[Span], table: Table, shown: Sequence[int], widths: Sequence[int], key: str) -> Line:
    """Return one line in which span number n is column number n of those shown."""
    fitted = [
        fit(span, width, right=table.columns[index].right)
        for span, index, width in zip(spans, shown, widths, strict=True)
    ]
    # The gap goes into the cell before it: changes are found and marked by the number of the span.
    spaced = [Span(span.text + " " * GAP, span.role) for span in fitted[:-1]]
    volatile = frozenset(number for number, index in enumerate(shown) if table.columns[index].volatile)
    return Line((*spaced, fitted[-1]), key, volatile)

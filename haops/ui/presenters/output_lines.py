"""Output of an attempt as lines behind a gutter: the area in which nothing is haops's own word."""

from collections.abc import Sequence
from typing import overload

from haops.core.session_state import Attempt
from haops.core.states import StepState
from haops.core.text import decode
from haops.core.view import Output, View
from haops.ui.presenters.lines import Line, Role, Span, crop, dim, line, strong
from haops.ui.presenters.numbers import size

# More than a screen holds; a whole output of megabytes is not split anew with every renewal.
_TAIL_BYTES = 65_536
_GUTTER = Span("▏ ", Role.DIM)


def attempt_to_show(view: View, step_id: str) -> Attempt | None:
    """Return the attempt whose output is worth showing: the step's last, else the one under way, else the newest."""
    own = [attempt for attempt in view.session.attempts.values() if attempt.step == step_id]
    under_way = [
        attempt
        for name in view.session.in_state(StepState.RUNNING, StepState.VERIFYING)
        for attempt in view.session.round_attempts(name)
    ]
    every = list(view.session.attempts.values())
    return next((found[-1] for found in (own, under_way, every) if found), None)


def output_title(attempt: Attempt | None) -> Line:
    """Return whose output it is."""
    if attempt is None:
        return line(strong("output"))
    return line(strong("output"), f"  {attempt.target} {attempt.step}")


def output_tail(output: Output | None, width: int, rows: int) -> list[Line]:
    """Return the last rows of an output."""
    if output is None:
        return [line(dim("Nothing has run yet."))]
    if not output.stdout:
        return [line(dim("No output."))]
    # The last newline ends a line; it does not begin an empty one.
    tail = output.stdout[-_TAIL_BYTES:].rstrip(b"\n").split(b"\n")[-rows:]
    return [crop(_row(raw), width) for raw in tail]


class OutputLines(Sequence[Line]):
    """A whole output; a line is made when it comes into sight, so that a big output is cheap. Long lines stay whole."""

    def __init__(self, output: Output) -> None:
        dropped = size(output.dropped_bytes)
        self._head = [line(Span(f"The first {dropped} are not kept.", Role.WARN))] if output.dropped_bytes else []
        # Not splitlines: a carriage return ends no line here, it is shown.
        self._rows = output.stdout.rstrip(b"\n").split(b"\n")

    def __len__(self) -> int:
        return len(self._head) + len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Line: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...

    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        return self._head[index] if index < len(self._head) else _row(self._rows[index - len(self._head)])


class WholeOutput:
    """The lines of an output that may still grow; they are split anew only when it has changed."""

    def __init__(self) -> None:
        self._made_from: Output | None = None
        self._lines: Sequence[Line] = ()

    def of(self, output: Output) -> Sequence[Line]:
        """Return the lines of the output, the same object while it is the same."""
        # The same object as before tells the widget at once that nothing has changed.
        if output != self._made_from:
            self._made_from, self._lines = output, OutputLines(output)
        return self._lines


def _row(raw: bytes) -> Line:
    """Return one line of output behind the gutter."""
    return Line((_GUTTER, Span(decode(raw))))

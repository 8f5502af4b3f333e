"""Output of an attempt as lines behind a gutter: the area in which nothing is haops's own word."""

from collections.abc import Sequence

from haops.core.session_state import Attempt
from haops.core.states import StepState
from haops.core.text import decode
from haops.core.view import Output, View
from haops.ui.presenters.lines import Line, Role, Span, crop, dim, line, strong
from haops.ui.presenters.numbers import size

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
        return [line(dim("No output so far."))]
    tail = output.stdout[-_TAIL_BYTES:].rstrip(b"\n").split(b"\n")[-rows:]
    return [crop(_row(raw), width) for raw in tail]


def output_lines(output: Output) -> list[Line]:
    """Return the whole output, said first what of it is missing. Long lines are whole: the viewer scrolls sideways."""
    lines: list[Line] = []
    if output.dropped_bytes:
        lines.append(line(Span(f"The first {size(output.dropped_bytes)} are not kept.", Role.WARN)))
    return [*lines, *(_row(raw) for raw in output.stdout.rstrip(b"\n").split(b"\n"))]


def _row(raw: bytes) -> Line:
    """Return one line of output behind the gutter."""
    return Line((_GUTTER, Span(decode(raw))))


def notice_line(texts: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Return the newest (severity, text) to tell, or an empty row."""
    if not texts:
        return [Line()]
    severity, text = texts[-1]
    role = {"critical": Role.BAD, "warning": Role.WARN}.get(severity, Role.ACCENT)
    return [crop(line(Span(f" {text}", role)), width)]

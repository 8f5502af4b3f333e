"""The start screen: unfinished sessions first, then clusters, then drills, then what would hurt tonight."""

from datetime import datetime

from haops.core.states import StepState
from haops.ui.presenters.lines import BLANK, Line, Role, Span, crop, dim, fit, line, strong, wrap
from haops.ui.presenters.marks import STEP_MARKS, severity_mark
from haops.ui.presenters.numbers import rough_span, span_of
from haops.ui.sources import ChoiceKind, ClusterRow, DrillRow, SessionRow, StartChoice, StartRows

_SEPARATOR = ":"
_NAME = 18
_NO_CLUSTER = "No cluster is known yet. An inventory describes one (docs/inventory.md): `haops session -c FILE`."


def start_lines(rows: StartRows | None, width: int) -> list[Line]:
    """Return everything that can be begun or gone on with; `None` means that it is still being looked for."""
    if rows is None:
        return [line(dim("Looking for sessions, clusters and drills on this bastion…"))]
    named = _widest([row.cluster for row in rows.sessions])
    lines = [
        *_section("Go on with", [_session(row, rows.now, named) for row in rows.sessions], "No session waits.", width),
        *_section("Clusters", [_cluster(row, rows.now) for row in rows.clusters], _NO_CLUSTER, width),
        *_section("Drills", [_drill(row, rows.now) for row in rows.drills], "No drill on this machine.", width),
    ]
    if rows.findings:
        lines += _section("What would hurt tonight", [_finding(f.severity, f.text) for f in rows.findings], "", width)
    return [crop(one, width) for one in lines]


def _widest(names: list[str]) -> int:
    """Return how wide a column of these names has to be: what follows in the row shall not be cut for nothing."""
    return min(max((len(name) for name in names), default=0), _NAME)


def key_of(kind: ChoiceKind, key: str) -> str:
    """Return the key of a row."""
    return f"{kind}{_SEPARATOR}{key}"


def choice_of(row_key: str) -> StartChoice:
    """Return what a row stands for."""
    # At the first one: the key may be a path, with colons of its own.
    kind, _, key = row_key.partition(_SEPARATOR)
    return StartChoice(ChoiceKind(kind), key)


def _section(title: str, rows: list[Line], empty: str, width: int) -> list[Line]:
    """Return a heading with its rows, or with what to do where there is none."""
    return [line(strong(title)), *(rows or wrap(line(dim(f"  {empty}")), width, indent="  ")), BLANK]


def _session(row: SessionRow, now: datetime, named: int) -> Line:
    """Return an unfinished session with what it waits for."""
    mark = STEP_MARKS[StepState.UNKNOWN if row.has_unknown else StepState.AWAITING_CONFIRMATION]
    kind = Span("DRILL ", Role.DRILL) if row.is_drill else Span("")
    left = f"  left {_ago(row.left_at, now)}" if row.left_at else ""
    name = fit(Span(row.cluster, Role.STRONG), named)
    waits = Span(row.waits_for, mark.role)
    return line(
        "  ",
        mark.span,
        " ",
        kind,
        name,
        f" {row.runbook}  " if row.runbook else " ",
        waits,
        dim(left),
        key=key_of(ChoiceKind.SESSION, row.id),
    )


def _cluster(row: ClusterRow, now: datetime) -> Line:
    """Return a cluster with its health as last seen."""
    seen = f"  seen {_ago(row.seen_at, now)}" if row.seen_at else "  never looked at"
    name = fit(Span(row.name, Role.STRONG), _NAME)
    return line("  ○ ", name, f" {row.health}", dim(seen), key=key_of(ChoiceKind.CLUSTER, row.inventory))


def _drill(row: DrillRow, now: datetime) -> Line:
    """Return a scenario with when its runbook was last proven, and the best time."""
    proven = Span(f"proven {_ago(row.proven_at, now)}", Role.GOOD) if row.proven_at else Span("never proven", Role.WARN)
    best = f", best {span_of(row.best_s)}" if row.best_s is not None else ""
    name = fit(Span(row.scenario, Role.STRONG), _NAME)
    return line("  ○ ", name, f" {row.title}  ", proven, dim(best), key=key_of(ChoiceKind.DRILL, row.scenario))


def _finding(severity: str, text: str) -> Line:
    """Return something that would hurt."""
    mark = severity_mark(severity)
    return line("  ", mark.span, f" {text}")


def _ago(at: datetime, now: datetime) -> str:
    """Return how long ago something was."""
    return f"{rough_span((now - at).total_seconds())} ago"

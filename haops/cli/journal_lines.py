"""Journal records, summaries and verdicts as lines for people and as JSON values.

Owns how they look on a terminal. Everything that a journal holds is hostile here: nothing passes unsanitised.
"""

import json
from collections.abc import Mapping
from typing import Any

from haops.core.text import cut, visible
from haops.formats.journal_record import Record
from haops.runtime.journal_summary import Summary
from haops.runtime.journal_verdict import Verdict

VALUE_WIDTH = 60


def record_line(record: Record, *, full: bool = False) -> str:
    """Return one line: number, time, type, actor, and the body's values, each cut unless `full`."""
    time = visible(record.wall).replace("T", " ")
    who = visible(record.actor)
    head = f"{record.seq:>6}  {time}  {visible(record.type):<22}  {who}"
    return "  ".join([head, *_body_parts(record.body, full=full)])


def record_object(record: Record) -> dict[str, Any]:
    """Return a record as a JSON value, exactly as it is kept."""
    return {
        "seq": record.seq, "type": record.type, "wall": record.wall, "mono_us": record.mono_us, "boot": record.boot,
        "actor": record.actor, "attempt": record.attempt, "body": dict(record.body), "sid": record.sid,
        "prev": record.prev, "hash": record.hash, "v": record.v,
    }  # fmt: skip


def json_text(value: Any, indent: int | None = None) -> str:
    """Return JSON in printable ASCII, so that no terminal acts on what a value holds."""
    return json.dumps(value, indent=indent)


def matches(record: Record, types: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    """Whether a record is of one of the types (`attempt` includes `attempt.ended`) and about one of the steps."""
    if types and not any(record.type == kind or record.type.startswith(f"{kind}.") for kind in types):
        return False
    return not steps or record.body.get("step") in steps


def summary_line(summary: Summary) -> str:
    """Return a session as one line of a list."""
    # 19 letters: date and time, without fractions of a second and zone.
    begun = visible(summary.begun[:19]).replace("T", " ")
    about = "  ".join(filter(None, map(visible, (summary.cluster, summary.mode, summary.runbook))))
    problem = f"  ({visible(summary.problem)})" if summary.problem else ""
    return f"{visible(summary.session)}  {summary.state:<11}  {begun:<19}  {summary.records:>6}  {about}{problem}"


def summary_object(summary: Summary) -> dict[str, Any]:
    """Return a session of a list as a JSON value."""
    return {
        "session": summary.session, "path": str(summary.path), "state": summary.state, "begun": summary.begun,
        "last": summary.last, "records": summary.records, "cluster": summary.cluster, "mode": summary.mode,
        "operator": summary.operator, "runbook": summary.runbook, "problem": summary.problem,
        "writer": str(summary.writer) if summary.writer else "",
    }  # fmt: skip


def verdict_object(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as a JSON value."""
    scan = verdict.scan
    problem = scan.problem
    return {
        "path": str(scan.path), "session": scan.sid, "state": scan.state.value, "holds": verdict.holds,
        "records": scan.count, "head": scan.head, "signed_by": verdict.signed_by, "anchored_to": verdict.anchored_to,
        "problem": problem and {
            "segment": problem.segment, "offset": problem.offset, "length": problem.length, "record": problem.seq,
            "reason": problem.reason,
        },
        "stranded": [record.seq for record in scan.stranded], "outputs": verdict.outputs,
        "output_problems": list(verdict.output_problems), "notes": list(scan.notes),
    }  # fmt: skip


def _body_parts(body: Mapping[str, Any], *, full: bool) -> list[str]:
    """Return `name value` for each value of a body that is not empty."""
    # Not by their truth: 0 and false say something.
    shown = ((visible(name), _value(value)) for name, value in body.items() if value not in ("", None, [], {}))
    return [f"{name} {value if full else cut(value, VALUE_WIDTH)}" for name, value in shown]


def _value(value: Any) -> str:
    """Return a value of a body on one line."""
    # Not in ASCII: `visible` takes care of what acts, and letters of other languages stay letters.
    return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

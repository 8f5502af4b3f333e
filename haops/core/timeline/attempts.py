"""The attempts of a session: what was confirmed, what came of it, how long it took against what was planned."""

from collections.abc import Iterable
from dataclasses import replace

from haops.core import events as ev
from haops.core.runbook import Step
from haops.core.session import Session
from haops.core.timeline.values import AttemptTold, Evidence, Happening


def attempts_of(happenings: Iterable[Happening]) -> tuple[AttemptTold, ...]:
    """Return every attempt in the order in which they began, with what is known of it at the end."""
    told: dict[str, AttemptTold] = {}
    begun: dict[str, int] = {}
    for happening in happenings:
        event = happening.event
        if isinstance(event, ev.AttemptIntended):
            begun[event.attempt] = happening.offset_ms
            told[event.attempt] = _begun_attempt(event, happening)
        elif isinstance(event, ev.AttemptEnded | ev.AttemptSettled) and event.attempt in told:
            # Of one that was settled later: until its outcome was known.
            took_ms = happening.offset_ms - begun[event.attempt]
            told[event.attempt] = _ended_attempt(told[event.attempt], event, happening, took_ms)
    return tuple(told.values())


def evidence_of(happening: Happening) -> Evidence:
    """Return where a happening can be looked up."""
    event = happening.event
    outputs: dict[str, str] = {}
    if isinstance(event, ev.AttemptEnded | ev.AttemptSettled):
        outputs = {name: digest for name, digest in (("stdout", event.stdout), ("stderr", event.stderr)) if digest}
    return Evidence(seq=happening.seq, hash=happening.hash, outputs=outputs)


def _begun_attempt(event: ev.AttemptIntended, happening: Happening) -> AttemptTold:
    """Return an attempt as it stands at its intent."""
    step = _step_of(happening.session, event.step)
    confirmed = happening.session.confirmations.get(event.step)
    planned = confirmed.plan.get(event.target) if confirmed else None
    # A journal from elsewhere may hold anything there.
    script = planned.get("script", "") if isinstance(planned, dict) else ""
    return AttemptTold(
        step=event.step,
        title=step.title if step else "",
        target=event.target,
        started_at=happening.at,
        duration_ms=None,
        estimate_ms=int(step.estimate_s * 1000) if step and step.estimate_s is not None else None,
        outcome="not ended",
        exit_status=None,
        result="",
        script=script if isinstance(script, str) else "",
        evidence=evidence_of(happening),
    )


def _ended_attempt(
    told: AttemptTold, event: ev.AttemptEnded | ev.AttemptSettled, happening: Happening, took_ms: int
) -> AttemptTold:
    """Return an attempt with its result."""
    settled_by = event.by if isinstance(event, ev.AttemptSettled) else ""
    return replace(
        told,
        duration_ms=took_ms,
        outcome=event.outcome,
        exit_status=event.exit_status,
        result=f"{event.evidence} (settled by {settled_by})" if settled_by else event.evidence,
        evidence=evidence_of(happening),
        settled_by=settled_by,
    )


def _step_of(session: Session, step_id: str) -> Step | None:
    """Return a step of the session's runbook, or None."""
    steps = session.runbook.steps if session.runbook else ()
    return next((step for step in steps if step.id == step_id), None)

"""States over time: what the picture of a session is drawn from.

Owns which states become spans and how each is drawn. Things keep a state until another one is seen; a step's state is
taken from the session itself, so that the picture and the screen cannot disagree.
"""

from collections.abc import Iterable, Mapping, Sequence

from haops.core import events as ev
from haops.core.states import StepState
from haops.core.timeline.values import Happening, Lane, Span, Tone

STEPS = "steps"
GROUPS: Mapping[str, str] = {
    "etcd.members": "etcd members",
    "api.endpoints": "API servers",
    "hosts.reachable": "hosts",
    "kubernetes.nodes": "nodes",
    STEPS: "steps",
}
"""Kind of what is watched -> the group's title, in the order in which groups are drawn. Other kinds follow."""

_TONES: Mapping[str, Tone] = {
    "leader": Tone.GOOD,
    "follower": Tone.GOOD,
    "learner": Tone.GOOD,
    "ready": Tone.GOOD,
    "reached": Tone.GOOD,
    "no leader": Tone.BAD,
    "alarm": Tone.BAD,
    "no answer": Tone.BAD,
    "not ready": Tone.BAD,
    "unknown": Tone.UNKNOWN,
}
_STEP_TONES: Mapping[StepState, Tone] = {
    StepState.AWAITING_CONFIRMATION: Tone.WAITING,
    StepState.RUNNING: Tone.BUSY,
    StepState.VERIFYING: Tone.BUSY,
    StepState.UNKNOWN: Tone.UNKNOWN,
    StepState.FAILED: Tone.BAD,
}
_STEP_ENDS: Mapping[StepState, Tone] = {
    StepState.SUCCEEDED: Tone.GOOD,
    StepState.SKIPPED: Tone.IDLE,
    StepState.ROLLED_BACK: Tone.IDLE,
}


def lanes_of(happenings: Sequence[Happening]) -> tuple[Lane, ...]:
    """Return one lane per watched thing and per step, grouped in the order of `GROUPS`."""
    end_ms = max((happening.offset_ms for happening in happenings), default=0)
    # By name: which of them was seen first says nothing.
    watched = sorted(_watched(happenings, end_ms), key=lambda lane: lane.name)
    steps = _steps(happenings, end_ms)
    order = [GROUPS[kind] for kind in GROUPS]
    # sorted is stable: within a group the order stays.
    lanes = sorted([*watched, *steps], key=lambda lane: order.index(lane.group) if lane.group in order else len(order))
    return tuple(lanes)


def _watched(happenings: Iterable[Happening], end_ms: int) -> list[Lane]:
    """Return a lane for each thing whose states were recorded, in the order in which they were first seen."""
    spans: dict[tuple[str, str], list[Span]] = {}
    for happening in happenings:
        if isinstance(happening.event, ev.StateSeen):
            event = happening.event
            # A newer haops may have words that are not in the table.
            tone = _TONES.get(event.state, Tone.IDLE)
            # To the end of all: whatever is seen next shortens it.
            begun = _span(event.state, tone, happening.offset_ms, end_ms, event.detail)
            _follow(spans.setdefault((event.kind, event.subject), []), begun)
    return [Lane(group=GROUPS.get(kind, kind), name=name, spans=tuple(seen)) for (kind, name), seen in spans.items()]


def _steps(happenings: Iterable[Happening], end_ms: int) -> list[Lane]:
    """Return a lane for each step that ever waited, ran or ended, in runbook order."""
    spans: dict[str, list[Span]] = {}
    last: dict[str, StepState] = {}
    for happening in happenings:
        for step_id, run in happening.session.steps.items():
            lane = spans.setdefault(step_id, [])
            if last.get(step_id) != run.state:
                last[step_id] = run.state
                _enter(lane, run.state, happening.offset_ms, end_ms, run.reason)
    return [Lane(group=GROUPS[STEPS], name=name, spans=tuple(lane)) for name, lane in spans.items() if lane]


def _enter(lane: list[Span], state: StepState, offset_ms: int, end_ms: int, reason: str) -> None:
    """Put a step's new state into its lane; a state that is neither activity nor end only closes the one before."""
    word = state.value.replace("_", " ")
    if state in _STEP_TONES:
        _follow(lane, _span(word, _STEP_TONES[state], offset_ms, end_ms, reason))
    elif state in _STEP_ENDS:
        # An end is a mark without a length: what has ended stays so.
        _follow(lane, _span(word, _STEP_ENDS[state], offset_ms, offset_ms, reason))
    else:
        _close(lane, offset_ms)


def _span(state: str, tone: Tone, start_ms: int, end_ms: int, detail: str) -> Span:
    """Return a span."""
    return Span(state=state, tone=tone, start_ms=start_ms, end_ms=end_ms, detail=detail)


def _follow(lane: list[Span], span: Span) -> None:
    """Add a span; the one before it ends where it begins."""
    _close(lane, span.start_ms)
    lane.append(span)


def _close(lane: list[Span], offset_ms: int) -> None:
    """End the last span of a lane, if it still goes on."""
    if lane and lane[-1].end_ms > offset_ms:
        last = lane[-1]
        lane[-1] = _span(last.state, last.tone, last.start_ms, offset_ms, last.detail)

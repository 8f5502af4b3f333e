"""The key moments of a session and the times between them.

Owns what counts as which moment. A moment that did not come is left out, and a duration that needs it says so: nothing
is guessed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from haops.core import events as ev
from haops.core.timeline.values import Duration, Happening, Moment

TITLES: Mapping[str, str] = {
    "fault_injected": "fault injected",
    "first_bad_signal": "first bad signal",
    "first_look": "first look",
    "decision": "decision",
    "first_change": "first change",
    "mitigated": "mitigated",
    "resolved": "resolved",
}
_CRITICAL = "critical"
_BAD = frozenset({_CRITICAL, "warning"})
# No skips and no settlements: conditions and probes make these as well.
_BY_A_PERSON = (
    ev.RunbookChosen, ev.OptionChosen, ev.StepConfirmed, ev.StepReopened, ev.RollbackChosen, ev.NoteAdded,
)  # fmt: skip


def key_moments(happenings: Sequence[Happening]) -> tuple[Moment, ...]:
    """Return the key moments that came, in the order of `TITLES`."""
    fault = _first(happenings, ev.FaultInjected)
    bad = _first_bad(happenings, fault)
    impact = fault or bad
    found = {
        "fault_injected": fault,
        "first_bad_signal": bad,
        "first_look": _first_look(happenings, impact),
        "decision": _first(_after(happenings, impact), ev.RunbookChosen, ev.OptionChosen),
        "first_change": _first_change(happenings, impact),
        "mitigated": _mitigated(happenings, impact),
        "resolved": _resolved(happenings),
    }
    return tuple(_moment(name, happening) for name, happening in found.items() if happening)


@dataclass(frozen=True, slots=True)
class _Measure:
    """A duration as one names it: from the first of some moments that came, to another."""

    name: str
    title: str
    begins: tuple[str, ...]
    ends: str


# In a drill the fault is on record; in an incident the first signal is all that is known.
_IMPACT = ("fault_injected", "first_bad_signal")
_MEASURES = (
    _Measure("ttd", "time to detect (TTD)", ("fault_injected",), "first_bad_signal"),
    _Measure("tta", "time to acknowledge (TTA)", _IMPACT, "first_look"),
    _Measure("time_to_decide", "time to decide", _IMPACT, "decision"),
    _Measure("time_to_first_change", "time to the first change", _IMPACT, "first_change"),
    _Measure("ttm", "time to mitigate (TTM)", _IMPACT, "mitigated"),
    _Measure("ttr", "time to resolve (TTR)", _IMPACT, "resolved"),
    # The same span as TTM: PagerDuty's postmortems set the impact's length beside the response's.
    _Measure("impact", "impact", _IMPACT, "mitigated"),
    _Measure("response", "response", ("first_look",), "resolved"),
)


def durations_between(moments: Sequence[Moment]) -> tuple[Duration, ...]:
    """Return every duration that is asked for after an incident, known or not."""
    known = {moment.name: moment for moment in moments}
    return tuple(_measure(measure, known) for measure in _MEASURES)


def _measure(measure: _Measure, known: Mapping[str, Moment]) -> Duration:
    """Return one duration, with why it is not known or what it was counted from."""
    begin = next((known[name] for name in measure.begins if name in known), None)
    end = known.get(measure.ends)
    missing = TITLES[measure.begins[0]] if begin is None else TITLES[measure.ends]
    if begin is None or end is None:
        return Duration(name=measure.name, title=measure.title, milliseconds=None, note=f"no {missing} on record")
    # haops may have been opened before its first bad signal.
    if end.offset_ms < begin.offset_ms:
        note = f"{TITLES[measure.ends]} came before {begin.title}"
        return Duration(name=measure.name, title=measure.title, milliseconds=None, note=note)
    note = "" if begin.name == measure.begins[0] else f"counted from {begin.title}: the impact may have begun earlier"
    return Duration(name=measure.name, title=measure.title, milliseconds=end.offset_ms - begin.offset_ms, note=note)


def _moment(name: str, happening: Happening) -> Moment:
    """Return a happening as a key moment."""
    return Moment(name=name, title=TITLES[name], at=happening.at, offset_ms=happening.offset_ms, seq=happening.seq)


def _first(happenings: Sequence[Happening], *kinds: type[ev.Event]) -> Happening | None:
    """Return the first happening of some kinds."""
    return next((happening for happening in happenings if isinstance(happening.event, kinds)), None)


def _after(happenings: Iterable[Happening], mark: Happening | None) -> list[Happening]:
    """Return what happened after a happening; all if there is none."""
    return [happening for happening in happenings if mark is None or happening.seq > mark.seq]


def _first_bad(happenings: Sequence[Happening], fault: Happening | None) -> Happening | None:
    """Return the first signal that is more than a notice, after the fault if there was one."""
    bad = (
        happening
        for happening in _after(happenings, fault)
        if isinstance(happening.event, ev.SignalRaised) and happening.event.severity in _BAD
    )
    return next(bad, None)


def _first_look(happenings: Sequence[Happening], impact: Happening | None) -> Happening | None:
    """Return when a person first attended to it.

    In an incident haops is opened because of it; in a drill it was open before, so the first thing that a person did
    after the fault counts.
    """
    opened = _first(happenings, ev.SessionOpened)
    if opened and isinstance(opened.event, ev.SessionOpened) and opened.event.mode != "drill":
        return opened
    return _first(_after(happenings, impact), *_BY_A_PERSON)


def _first_change(happenings: Sequence[Happening], impact: Happening | None) -> Happening | None:
    """Return the first dispatch after the impact of a step that is not only a look."""
    changes = (
        happening
        for before, happening in pairwise(happenings)
        # The session counts only changes: what was made before the impact stays in its count.
        if happening.session.changes_made > before.session.changes_made
    )
    return next(iter(_after(changes, impact)), None)


def _mitigated(happenings: Sequence[Happening], impact: Happening | None) -> Happening | None:
    """Return when the last critical signal went for good; None while one is true, or if there was none."""
    last: Happening | None = None
    critical = False
    # The impact itself may be the first critical signal.
    for happening, active in _critical_signals([impact, *_after(happenings, impact)] if impact else []):
        if active:
            last, critical = None, True
        elif critical:
            last, critical = happening, False
    return last


def _critical_signals(happenings: Sequence[Happening]) -> Iterator[tuple[Happening, frozenset[str]]]:
    """Yield each happening with the names of the critical signals that are true after it."""
    for happening in happenings:
        signals = happening.session.signals
        yield happening, frozenset(name for name, signal in signals.items() if signal.severity == _CRITICAL)


def _resolved(happenings: Sequence[Happening]) -> Happening | None:
    """Return when everything that had to hold held: the last time that a runbook was done, or the session closed so."""
    ended = [
        happening
        for happening in happenings
        if isinstance(happening.event, ev.RunbookDone)
        or (isinstance(happening.event, ev.SessionClosed) and happening.event.outcome == "done")
    ]
    # What a runbook measured at its end weighs more than an operator's closing word.
    done = [happening for happening in ended if isinstance(happening.event, ev.RunbookDone)]
    told = done or ended
    return told[-1] if told else None

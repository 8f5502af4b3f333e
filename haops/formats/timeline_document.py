"""A timeline as a document for the postmortem: sections with paragraphs, tables and scripts, in no format yet.

Owns what the document says and in which order (facts first; what only people can write is left to them, as questions).
Texts are as recorded; each format sanitises and escapes them in its own way.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from haops.core.timeline.values import AttemptTold, Timeline
from haops.formats.timeline_words import duration_text, local_text, measured_text, offset_text, utc_text

ToLocal = Callable[[datetime], datetime]
"""Puts a time into the reader's own zone."""

_ABSENT = "-"


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of equal length."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A text that ran, with what it was."""

    caption: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it. `picture` marks where the states over time are drawn."""

    title: str
    paragraphs: tuple[str, ...] = ()
    table: Table | None = None
    points: tuple[str, ...] = ()
    scripts: tuple[Script, ...] = ()
    picture: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """The whole of it."""

    title: str
    sections: tuple[Section, ...]


def document_of(timeline: Timeline, to_local: ToLocal) -> Document:
    """Return the document of a timeline."""
    kind = "Drill" if timeline.mode == "drill" else "Incident"
    about = timeline.scenario or (timeline.runbooks[-1].name if timeline.runbooks else "no runbook")
    sections = tuple(section for section in _sections(timeline, to_local) if _has_something(section))
    return Document(f"{kind}: {about}, {timeline.cluster}", sections)


def _sections(timeline: Timeline, to_local: ToLocal) -> Iterator[Section]:
    """Yield every section; empty ones are left out later."""
    yield Section("Summary", (_summary(timeline),), _about(timeline, to_local))
    yield Section("Key moments", table=_moments(timeline, to_local))
    yield Section("Durations", table=_durations(timeline))
    yield Section("Objectives", table=_objectives(timeline))
    yield Section("States over time", picture=bool(timeline.lanes))
    yield Section("Timeline", (_TIMES,), _rows(timeline, to_local))
    yield Section("Steps", table=_attempts(timeline), scripts=tuple(_scripts(timeline)))
    yield Section("Decisions and what was not chosen", table=_rejected(timeline))
    yield Section("Guards overridden", table=_overrides(timeline))
    yield Section("What weakens this record", points=timeline.remarks)
    yield Section("For people to write", _FOR_PEOPLE_WHY, points=_FOR_PEOPLE)
    yield Section("Action items", table=Table(("action", "type", "owner (role)", "due", "reference"), _NO_ACTIONS))
    yield Section("Evidence", (_evidence(timeline),))


_TIMES = (
    "Times are the wall clock of the machine that haops ran on. The column since counts from the first record on the "
    "monotonic clock, which does not jump. Order is the journal's order."
)
_FOR_PEOPLE_WHY = (
    "The journal holds facts, not reasons. Write about roles, not names; ask what made each decision look right then.",
)
_FOR_PEOPLE = (
    "Impact: which users and requests, how much of the error budget, which data",
    "Trigger, and what contributed",
    "How it was detected, and what should have told earlier",
    "What went well, what did not, where luck helped",
    "Lessons",
)
# One empty row, for people to fill in.
_NO_ACTIONS = ((("",) * 5),)


def _has_something(section: Section) -> bool:
    """Whether a section has any content."""
    has_rows = section.table is not None and bool(section.table.rows)
    return bool(has_rows or section.paragraphs or section.points or section.scripts or section.picture)


def _summary(timeline: Timeline) -> str:
    """Return one sentence of numbers."""
    attempts = timeline.attempts
    steps = {attempt.step for attempt in attempts}
    targets = {attempt.target for attempt in attempts}
    # A settled attempt bears its final outcome: only who settled it shows that it had been unknown.
    settled = sum(bool(attempt.settled_by) for attempt in attempts)
    unknown = sum(attempt.outcome == "unknown" for attempt in attempts)
    overridden = sum(len(guards) for guards in timeline.overrides.values())
    outcome = {"done": "ended with everything in place", "": "is not closed"}.get(timeline.outcome, timeline.outcome)
    return (
        f"The session lasted {duration_text(timeline.length_ms)} and {outcome}. {_count(len(attempts), 'attempt')} of "
        f"{_count(len(steps), 'step')} on {_count(len(targets), 'target')}; {_count(settled + unknown, 'outcome')} "
        f"unknown at first, {settled} of them settled; {_count(overridden, 'guard')} overridden."
    )


def _count(number: int, thing: str) -> str:
    """Return a number of things."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _about(timeline: Timeline, to_local: ToLocal) -> Table:
    """Return what the session was about."""
    ended, begun = timeline.ended, timeline.begun
    rows = [
        ("session", timeline.session),
        ("cluster", timeline.cluster),
        ("kind", " ".join(filter(None, (timeline.mode, timeline.scenario, timeline.variant, timeline.flavour)))),
        ("window (UTC)", f"{utc_text(begun)} to {utc_text(ended)}"),
        ("window (local)", f"{local_text(to_local(begun))} to {local_text(to_local(ended))}"),
        ("people", f"{timeline.engineers} (roles below; names are in the journal only)"),
        ("haops", timeline.haops_version),
        ("status of this document", "draft"),
    ]
    rows += [("runbook", f"{used.name}: {used.title} (sha256 {used.digest[:16]})") for used in timeline.runbooks]
    return Table(("what", "value"), tuple(rows))


def _moments(timeline: Timeline, to_local: ToLocal) -> Table:
    """Return the key moments."""
    rows = tuple(
        (moment.title, utc_text(moment.at), local_text(to_local(moment.at)), offset_text(moment.offset_ms),
         f"journal {moment.seq}")
        for moment in timeline.moments
    )  # fmt: skip
    return Table(("moment", "UTC", "local", "since", "evidence"), rows)


def _durations(timeline: Timeline) -> Table:
    """Return the durations between them; impact and response stand apart."""
    rows = tuple((d.title, duration_text(d.milliseconds), d.note) for d in timeline.durations)
    return Table(("duration", "length", "note"), rows)


def _objectives(timeline: Timeline) -> Table:
    """Return a drill's objectives with the numbers behind the verdicts."""
    rows = tuple(
        (objective.name, measured_text(objective.target, objective.unit),
         measured_text(objective.actual, objective.unit), "PASS" if objective.met else "FAIL")
        for objective in timeline.objectives
    )  # fmt: skip
    return Table(("objective", "target", "actual", "verdict"), rows)


def _rows(timeline: Timeline, to_local: ToLocal) -> Table:
    """Return the timeline itself."""
    rows = tuple(
        (utc_text(row.at), local_text(to_local(row.at)), offset_text(row.offset_ms), row.category.value, row.source,
         f"[{row.moment}] {row.sentence}" if row.moment else row.sentence, str(row.evidence))
        for row in timeline.rows
    )  # fmt: skip
    return Table(("UTC", "local", "since", "category", "source", "event", "evidence"), rows)


def _attempts(timeline: Timeline) -> Table:
    """Return every attempt with its planned and its actual duration."""
    rows = tuple(
        (attempt.step, attempt.target, utc_text(attempt.started_at), _planned(attempt),
         duration_text(attempt.duration_ms), attempt.outcome, _exit(attempt), attempt.result, str(attempt.evidence))
        for attempt in timeline.attempts
    )  # fmt: skip
    headings = ("step", "target", "began (UTC)", "planned", "took", "outcome", "exit", "result", "evidence")
    return Table(headings, rows)


def _planned(attempt: AttemptTold) -> str:
    """Return how long it was said to take."""
    return _ABSENT if attempt.estimate_ms is None else duration_text(attempt.estimate_ms)


def _exit(attempt: AttemptTold) -> str:
    """Return the exit status."""
    return _ABSENT if attempt.exit_status is None else str(attempt.exit_status)


def _scripts(timeline: Timeline) -> Iterator[Script]:
    """Yield each script that was confirmed, once, with where it ran."""
    # By step and text: a script that differed between two rounds is shown in both forms.
    where: dict[tuple[str, str], list[str]] = {}
    for attempt in timeline.attempts:
        if attempt.script:
            targets = where.setdefault((attempt.step, attempt.script), [])
            if attempt.target not in targets:
                targets.append(attempt.target)
    for (step, script), targets in where.items():
        yield Script(f"{step}, exactly as confirmed, on {', '.join(targets)}", script)


def _rejected(timeline: Timeline) -> Table:
    """Return the options that were not taken."""
    rows = tuple(
        (f"journal {seq}", option, why) for seq, options in timeline.rejected.items() for option, why in options.items()
    )
    return Table(("decision", "option not taken", "as it stood then"), rows)


def _overrides(timeline: Timeline) -> Table:
    """Return the guards that were overridden, with the reasons given then."""
    rows = tuple(
        (f"journal {seq}", guard, why) for seq, guards in timeline.overrides.items() for guard, why in guards.items()
    )
    return Table(("confirmation", "guard", "reason given"), rows)


def _evidence(timeline: Timeline) -> str:
    """Return what this document rests on."""
    return (
        f"Made from {timeline.records} journal records of session {timeline.session}; head {timeline.head}. Evidence "
        f"names a record's number and the SHA-256 of outputs. Printed by: haops journal show {timeline.session}. "
        f"Checked by: haops journal verify {timeline.session}."
    )

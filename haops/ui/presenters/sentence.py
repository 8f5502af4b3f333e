"""The two lines at the top: the worst true thing with what still works, and what haops has changed so far.

Computed from signals, facts and the journal alone. Must never be typed into a runbook, and must never sound better than
what is known: with nothing seen, or only old looks, it says so.
"""

from collections.abc import Mapping

from haops.core.observations import Kind
from haops.core.quorum import in_words
from haops.core.session_state import AttemptStage
from haops.core.signal import Severity, Signal
from haops.core.view import View
from haops.ui.presenters.freshness import freshness
from haops.ui.presenters.lines import Line, Role, Span, crop, line, wrap
from haops.ui.presenters.marks import severity_mark
from haops.ui.presenters.numbers import count, plural, span_of

_WATCHED = (Kind.ETCD_MEMBER, Kind.API_ENDPOINT, Kind.HOST)


def sentence(view: View) -> tuple[Line, Line]:
    """Return the first line (what is true) and the second (newest data, what haops has done)."""
    return _first(view), _second(view)


def _first(view: View) -> Line:
    """Return the worst true thing."""
    if view.journal_lost:
        return line(
            Span("✖ JOURNAL LOST  ", Role.BAD),
            f"{view.journal_lost}. Nothing more can be confirmed; what is shown stays true.",
        )
    if view.signals:
        return _signals(view.signals)
    # No look, no signal: that nothing is raised is no good news yet.
    watched = _watched(view)
    return _all_well(view, watched) if all(watched.values()) else _looking(view, watched)


def _signals(signals: tuple[Signal, ...]) -> Line:
    """Return the worst signal by name, the others of its weight in their own words, and what still works."""
    worst = signals[0]
    mark = severity_mark(worst.severity)
    beside = [signal.sentence for signal in signals[1:] if signal.severity is Severity.CRITICAL][:2]
    # The worst that says so; what milder ones say holds as well or is less.
    works = next((signal.still_works for signal in signals if signal.still_works), "")
    rest = " ".join(_ended(text) for text in (worst.sentence, *beside, works) if text)
    more = len(signals) - 1 - len(beside)
    tail = f" And {plural(more, 'more signal')}." if more > 0 else ""
    name = worst.name.replace("-", " ").replace("_", " ").upper()
    return line(Span(f"{mark.glyph} {name}  ", mark.role), rest + tail)


def _ended(text: str) -> str:
    """Return the text as a sentence: a capital at its head, unless that is a name of ours, and a full stop."""
    head = text if text.startswith("haops") else text[:1].upper() + text[1:]
    return head if head.endswith((".", "!", "?")) else f"{head}."


def _watched(view: View) -> dict[str, str]:
    """Return what is watched of the inventory, in words -> what is known of all of that, or nothing."""
    inventory = view.inventory
    parts = (
        (len(inventory.etcd.members) if inventory.etcd else 0, "etcd member", _etcd(view)),
        (len(inventory.kubernetes.endpoints) if inventory.kubernetes else 0, "API endpoint", _api(view)),
        (len(inventory.hosts), "host", _hosts(view)),
    )
    return {plural(number, name): known for number, name, known in parts if number}


def _looking(view: View, watched: Mapping[str, str]) -> Line:
    """Say what is being asked while not everything has answered yet, and what has."""
    asked = ", ".join(name for name, known in watched.items() if not known)
    answered = ", ".join(known for known in watched.values() if known)
    so_far = f"So far: {answered}." if answered else "Nothing has answered yet."
    return line(Span("? LOOKING  ", Role.UNKNOWN), f"Asking {asked} of {view.inventory.cluster}. {so_far}")


def _all_well(view: View, watched: Mapping[str, str]) -> Line:
    """Say that no signal is raised, with the numbers that this rests on; old numbers are not good news."""
    fresh = freshness(view, _WATCHED)
    numbers = _ended(", ".join(watched.values()))
    if fresh.is_stale:
        age = span_of(int(fresh.age_s or 0))
        return line(Span("? NOT KNOWN  ", Role.UNKNOWN), f"Part of what is shown is {age} old. Last seen: {numbers}")
    return line(Span("✔ NO SIGNAL  ", Role.GOOD), f"Nothing that haops watches is wrong: {numbers}")


def _etcd(view: View) -> str:
    """Return where etcd stands, in words."""
    voters, healthy = view.facts.get("etcd.members_expected"), view.facts.get("etcd.members_healthy")
    return in_words(voters, healthy) if voters and healthy is not None else ""


def _api(view: View) -> str:
    """Return how many API servers are ready."""
    expected, ready = view.facts.get("api.expected"), view.facts.get("api.ready")
    return f"{ready} of {expected} API servers ready" if expected and ready is not None else ""


def _hosts(view: View) -> str:
    """Return how many hosts answer."""
    expected, reachable = view.facts.get("hosts.expected"), view.facts.get("hosts.reachable")
    return f"{reachable} of {expected} hosts answer" if expected and reachable is not None else ""


def _second(view: View) -> Line:
    """Return where the newest data is and what haops has changed."""
    newest = view.facts.get("etcd.newest_revision")
    where = view.facts.get("etcd.newest_host")
    data = f"Newest data: {where}, revision {count(newest)}. " if newest is not None and where else ""
    return line("  ", data, changes(view))


def changes(view: View) -> str:
    """Say what haops has changed so far, by step."""
    session = view.session
    if not session.changes_made:
        return "haops has changed nothing yet."
    risky = {step.id for step in session.runbook.steps if step.risk != "read"} if session.runbook else set()
    # What was only intended has sent nothing: no host has been changed by it.
    begun = [a for a in session.attempts.values() if a.step in risky and a.stage is not AttemptStage.INTENDED]
    targets: dict[str, dict[str, None]] = {}
    for attempt in begun:
        targets.setdefault(attempt.step, {})[attempt.target] = None
    named = [", ".join(f"{step} on {' '.join(names)}" for step, names in targets.items())] if targets else []
    # The session knows the steps of the present runbook only, and counts the changes of all.
    earlier = session.changes_made - len(begun)
    named += [f"{count(earlier)} of an earlier runbook"] if earlier > 0 else []
    return f"haops has begun {plural(session.changes_made, 'change')}: {'; '.join(named)}."


def too_small(view: View, width: int, needed: tuple[int, int]) -> list[Line]:
    """Say that the terminal is too small, and what is true."""
    first, _second = sentence(view)
    columns, rows = needed
    return [
        *wrap(line(f"Terminal too small: make it {columns}x{rows} or more. Nothing is lost; q leaves."), width),
        *wrap(first, width),
    ]


def now_lines(view: View, width: int, rows: int) -> list[Line]:
    """Return both lines within so many rows: the second keeps its one, and what does not fit is marked as cut."""
    first, second = sentence(view)
    wrapped = wrap(first, width, indent="  ")
    if len(wrapped) > rows - 1:
        rest = Line(tuple(span for piece in wrapped[rows - 2 :] for span in piece.spans))
        wrapped = [*wrapped[: rows - 2], crop(rest, width)]
    return [*wrapped, crop(second, width)]

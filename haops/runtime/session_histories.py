"""The latest sessions, each folded from its whole journal.

For the start screen, which shows a few, and says what follows from all events: what a session waits for, how long a
drill took. A list of all sessions reads only the ends of their journals
(`journal_summary`). Must never hide a journal that cannot be read: it is returned with the reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from haops.core.session import fold
from haops.core.session_state import Session
from haops.core.states import StepState
from haops.errors import HaopsError
from haops.formats.event_codec import entry_of
from haops.runtime.drill_moments import DONE, moments_s
from haops.runtime.journal_reader import read_journal
from haops.runtime.paths import list_sessions
from haops.runtime.sessions import read_runbook

# Each is read as a whole, and the start screen has room for fewer.
_LATEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHistory:
    """One session as its journal tells it. `problem` says why it could not be read.

    `last_at` is when something was last recorded; `recovery_s` are the seconds that a drill took, from fault to done as
    its report counts, None for other sessions.
    """

    directory: Path
    session: Session
    last_at: datetime | None = None
    problem: str = ""
    recovery_s: float | None = None


def latest_histories() -> Iterator[SessionHistory]:
    """Yield the histories of the latest 50 sessions, the newest first."""
    for directory in list_sessions()[:_LATEST]:
        yield _history(directory)


def _history(directory: Path) -> SessionHistory:
    """Return one session from its journal."""
    empty = Session(id=directory.name)
    try:
        scan = read_journal(directory)
        scan.raise_if_damaged()
        session = fold((entry_of(record) for record in scan.records), read_runbook, empty)
        last_at = datetime.fromisoformat(scan.records[-1].wall) if scan.records else None
        recovery_s = moments_s(scan.records, session.runbook).get(DONE)
        return SessionHistory(directory=directory, session=session, last_at=last_at, recovery_s=recovery_s)
    except (HaopsError, ValueError, OSError) as error:
        return SessionHistory(directory=directory, session=empty, problem=str(error))


def waits_for(session: Session) -> str:
    """Say what an unfinished session waits for."""
    if session.runbook is None:
        return "no runbook was chosen yet"
    unknown = [a for a in session.attempts.values() if a.outcome == "unknown"]
    if unknown:
        return f"{unknown[0].step} on {unknown[0].target} is unknown"
    for state, words in (
        (StepState.FAILED, "failed"),
        (StepState.AWAITING_CONFIRMATION, "waits for you"),
        (StepState.RUNNING, "was running"),
        (StepState.VERIFYING, "was being verified"),
        (StepState.READY, "is next"),
    ):
        steps = session.in_state(state)
        if steps:
            return f"{steps[0]} {words}"
    return "all steps have ended; it was not closed"

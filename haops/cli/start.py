"""`haops` alone: the start screen, and what is done with the choice made on it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from haops.cli.screen import need_terminal, show_session, ui_settings
from haops.runtime.paths import config_directory, session_directory
from haops.ui.sources import ChoiceKind, ClusterRow, DrillRow, Finding, SessionRow, StartChoice, StartRows

if TYPE_CHECKING:
    from haops.runtime.session_histories import SessionHistory

_UNKNOWN = "unknown"


class FilesOnDisk:
    """Feeds the start screen from the journals and the inventories in the configuration directory."""

    def rows(self) -> StartRows:
        """Return everything as it is on disk now."""
        from haops.errors import HaopsError  # noqa: PLC0415 - as below
        from haops.runtime.session_histories import latest_histories  # noqa: PLC0415 - formats are heavy

        sessions: list[SessionHistory] = []
        findings: list[str] = []
        try:
            sessions.extend(latest_histories())
        except HaopsError as error:
            findings.append(str(error))
        findings += [
            f"journal of {history.directory.name} cannot be read: {history.problem}"
            for history in sessions
            if history.problem
        ]
        return StartRows(
            now=datetime.now(UTC),
            sessions=tuple(
                _session_row(history) for history in sessions if history.session.is_open and _resumable(history)
            ),
            clusters=tuple(_cluster_rows(sessions)),
            drills=tuple(_drill_rows(sessions)),
            findings=tuple(Finding(severity="warning", text=text) for text in findings),
        )


def _resumable(history: "SessionHistory") -> bool:
    """Return whether a session can be gone on with: a drill's cluster is gone with its process."""
    opened = history.session.opened
    return opened is not None and (opened.mode != "drill" or Path(opened.inventory_source).exists())


def _session_row(history: "SessionHistory") -> SessionRow:
    """Return an unfinished session's row."""
    from haops.runtime.session_histories import waits_for  # noqa: PLC0415 - see `FilesOnDisk.rows`

    session, opened = history.session, history.session.opened
    return SessionRow(
        id=session.id,
        cluster=opened.cluster if opened else "",
        runbook=session.runbook.name if session.runbook else "",
        waits_for=waits_for(session),
        left_at=history.last_at,
        is_drill=opened is not None and opened.mode == "drill",
        has_unknown=any(attempt.outcome == _UNKNOWN for attempt in session.attempts.values()),
    )


def _cluster_rows(sessions: "list[SessionHistory]") -> Iterator[ClusterRow]:
    """Yield the clusters known: inventories in the configuration directory, and those of earlier incidents."""
    from haops.errors import HaopsError  # noqa: PLC0415
    from haops.runtime.inventories import load_inventory  # noqa: PLC0415 - formats are heavy

    seen: dict[str, SessionHistory] = {}
    for history in sessions:
        opened = history.session.opened
        if opened and opened.mode != "drill":
            # The newest come first: the first history of a cluster is how it was seen last.
            seen.setdefault(opened.inventory_source, history)
    files = [str(path) for path in sorted((config_directory() / "clusters").glob("*.yaml"))]
    # An inventory that lies in the directory and was used before is one row.
    for path in dict.fromkeys([*files, *(source for source in seen if Path(source).exists())]):
        try:
            name, health = load_inventory(path).cluster, _health(seen.get(path))
        except HaopsError as error:
            name, health = Path(path).stem, f"inventory has mistakes: {error.args[0]}"
        last = seen.get(path)
        yield ClusterRow(name=name, inventory=path, health=health, seen_at=last.last_at if last else None)


def _health(history: "SessionHistory | None") -> str:
    """Return a cluster's health in one line, as last seen."""
    if history is None:
        return "never looked at"
    signals = list(history.session.signals.values())
    return signals[0].sentence if signals else "nothing was wrong"


def _drill_rows(sessions: "list[SessionHistory]") -> Iterator[DrillRow]:
    """Yield the scenarios, with when each was last proven and the best time."""
    from haops.lab.scenarios import SCENARIOS  # noqa: PLC0415

    for scenario in SCENARIOS.values():
        done = [
            history
            for history in sessions
            if history.session.opened
            and history.session.opened.scenario == scenario.name
            and history.recovery_s is not None
        ]
        times = [history.recovery_s for history in done if history.recovery_s is not None]
        yield DrillRow(
            scenario=scenario.name,
            title=scenario.title,
            runbook=scenario.runbook,
            # The newest come first.
            proven_at=done[0].last_at if done else None,
            best_s=min(times, default=None),
        )


def start() -> None:
    """Show the start screen and go on with what was chosen there."""
    from haops.ui.app import HaopsApp  # noqa: PLC0415 - Textual is heavy

    need_terminal("`haops --help` for the commands that work without one")
    choice = HaopsApp(start=FilesOnDisk(), settings=ui_settings()).run()
    if choice is not None:
        _go_on(choice)


def _go_on(choice: StartChoice) -> None:
    """Do what was chosen."""
    from haops.cli.opening import beginning, resuming  # noqa: PLC0415 - comes after the screen
    from haops.cli.secrets_prompt import PromptBesideScreen  # noqa: PLC0415 - as above

    if choice.kind is ChoiceKind.DRILL or (choice.kind is ChoiceKind.SESSION and _is_drill(choice.key)):
        from haops.cli.drill import rehearse, resume_drill  # noqa: PLC0415

        return rehearse(choice.key) if choice.kind is ChoiceKind.DRILL else resume_drill(choice.key)
    prompt = PromptBesideScreen()
    is_session = choice.kind is ChoiceKind.SESSION
    opening = resuming(choice.key, prompt) if is_session else beginning(Path(choice.key), prompt)
    return show_session(opening, prompt=prompt)


def _is_drill(session_id: str) -> bool:
    """Return whether a session is a drill's: it is gone on with inside its lab."""
    from haops.runtime.journal_summary import summarise  # noqa: PLC0415 - formats are heavy

    # Not from the histories: those fold whole journals, up to fifty of them.
    return summarise(session_directory(session_id)).mode == "drill"

"""Beginning a session, and going on with one.

Owns the first and the last records of a session and what is made of attempts that a dead process left behind. Must
never run a step.
"""

import functools
import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path

from haops import __version__
from haops.connectors.connections import InventoryConnections
from haops.connectors.seam import Connections
from haops.connectors.secrets import SecretPrompt, nobody
from haops.core import events as ev
from haops.core.clock import Clock
from haops.core.inventory import Inventory
from haops.core.runbook import Runbook
from haops.core.session_state import AttemptStage, Outcome, Session
from haops.core.states import IllegalEvent, StepState
from haops.errors import InputError, JournalDamaged, JournalError, JournalLocked
from haops.runtime.clock import SystemClock
from haops.runtime.engine import Engine, RunbookSource, operator_name
from haops.runtime.journal_file import JournalWriter
from haops.runtime.paths import read_input, session_directory, sessions_directory
from haops.runtime.session_log import SessionLog

# With 65,536 ids in each second, several in a row that are taken mean that something else is wrong.
_ID_TRIES = 8


def read_runbook(chosen: ev.RunbookChosen) -> Runbook:
    """Return the runbook that a journal kept, from its own text: the file may have changed since.

    The same texts are read once: a list of sessions holds the same runbook again and again.
    """
    return _read(chosen.text, chosen.source, tuple(sorted(chosen.includes.items())))


@functools.lru_cache(maxsize=32)
def _read(text: str, source: str, included: tuple[tuple[str, str], ...]) -> Runbook:
    """Return the runbook of these texts."""
    from haops.formats.runbook_yaml import parse_runbook  # noqa: PLC0415 - a new session looks before it reads any runbook
    from haops.runtime import library  # noqa: PLC0415 - as above

    includes = dict(included)
    # From the record only: the included files may have changed or be gone.
    vocabulary = library.vocabulary(lambda name: (name, includes[name].encode()))
    return parse_runbook(text.encode(), source, vocabulary)


def new_session_id(clock: Clock) -> str:
    """Return an id that sorts by time and that a person can type the beginning of."""
    return f"{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _new_journal(clock: Clock) -> JournalWriter:
    """Return a journal under an id that is free. Raises JournalError."""
    for _ in range(_ID_TRIES):
        session_id = new_session_id(clock)
        directory = session_directory(session_id)
        if directory.exists():
            continue
        # Somebody else may take the id right now: the lock, and a segment that is there, keep the two apart.
        with suppress(JournalLocked):
            return JournalWriter.create(directory, session_id, clock)
    raise JournalError(
        f"every one of {_ID_TRIES} new ids is taken", where=str(sessions_directory()), remedy="try again"
    )


def begin(
    inventory: Inventory,
    *,
    mode: str = "incident",
    scenario: tuple[str, str, str] = ("", "", ""),
    runbooks: RunbookSource = tuple,
    prompt: SecretPrompt = nobody,
    connections: Connections | None = None,
) -> Engine:
    """Return a new session on a cluster, written down and not yet started.

    `scenario` is the drill's scenario, variant and flavour. Raises JournalError if no journal can be kept.
    """
    text = _text_of(inventory)
    clock = SystemClock()
    journal = _new_journal(clock)
    log = SessionLog(journal, Session(id=journal.path.name), read_runbook, actor=operator_name())
    opened = ev.SessionOpened(
        cluster=inventory.cluster,
        mode=mode,
        operator=operator_name(),
        haops_version=__version__,
        inventory_source=inventory.source,
        inventory_digest=inventory.digest,
        inventory=text,
        scenario=scenario[0],
        variant=scenario[1],
        flavour=scenario[2],
    )
    # Before anything is reached: the record begins before what it is about.
    log.commit(opened)
    reached = connections or InventoryConnections(inventory, secrets=prompt)
    return _engine(log, reached, clock, runbooks)


def _text_of(inventory: Inventory) -> str:
    """Return an inventory's text. Raises InputError if the file has changed since it was read: the record would lie."""
    content = read_input(Path(inventory.source))
    if hashlib.sha256(content).hexdigest() != inventory.digest:
        raise InputError("the inventory changed while it was read", where=inventory.source, remedy="try again")
    return content.decode()


def resume(directory: Path, *, runbooks: RunbookSource = tuple, prompt: SecretPrompt = nobody) -> Engine:
    """Return a session that goes on where its journal ends, not yet started.

    Raises JournalLocked while another process has it, JournalDamaged if its history is not possible, InputError if it
    was closed.
    """
    clock = SystemClock()
    journal, records = JournalWriter.resume(directory, clock)
    try:
        log = SessionLog.resumed(journal, records, directory.name, read_runbook, operator_name())
        _refuse_closed(log.session, directory)
        inventory = _inventory_of(log.session, directory)
        # Before anything is concluded from it: what follows is this process's doing.
        log.commit(ev.SessionResumed(operator=operator_name(), haops_version=__version__, pid=os.getpid()))
        close_open_attempts(log)
    except IllegalEvent as error:
        journal.close()
        raise JournalDamaged(f"its history is not possible: {error}", where=str(directory)) from None
    # Whatever it was: this process may live on, and would keep the journal locked.
    except BaseException:
        journal.close()
        raise
    return _engine(log, InventoryConnections(inventory, secrets=prompt), clock, runbooks)


def _refuse_closed(session: Session, directory: Path) -> None:
    """Raise InputError for a session that is over: nothing can be added to its journal."""
    if session.outcome:
        remedy = f"`haops timeline {directory.name}` tells it; a new session begins with what is seen now"
        raise InputError(f"the session was closed ({session.outcome})", where=directory.name, remedy=remedy)


def _engine(log: SessionLog, connections: Connections, clock: Clock, runbooks: RunbookSource) -> Engine:
    """Return the session's engine, which has told the operator what is to be known of the journal."""
    engine = Engine(log, connections, clock, operator=operator_name(), runbooks=runbooks)
    for doubt in log.journal.doubts:
        engine.notice(doubt)
    return engine


def _inventory_of(session: Session, directory: Path) -> Inventory:
    """Return the inventory that a session began with, from its journal: the file may have changed since."""
    if session.opened is None:
        raise JournalDamaged("the journal does not begin with an opened session", where=str(directory))
    from haops.runtime.inventories import parse_inventory_text  # noqa: PLC0415 - a new session was given its inventory

    return parse_inventory_text(session.opened.inventory, session.opened.inventory_source)


def close_open_attempts(log: SessionLog) -> None:
    """Say of every attempt that a dead process left open what the journal proves, and hold what was not begun.

    An attempt that was not dispatched did not happen; any other is unknown until its probe has been asked.
    """
    for attempt in log.session.attempts.values():
        if attempt.stage is AttemptStage.ENDED:
            continue
        # Dispatched is on disk before the first byte leaves: without it nothing did.
        sent = attempt.stage is not AttemptStage.INTENDED
        evidence = "haops ended while it ran" if sent else "haops ended before anything was sent"
        log.commit(
            ev.AttemptEnded(
                step=attempt.step,
                target=attempt.target,
                attempt=attempt.id,
                outcome=Outcome.UNKNOWN if sent else Outcome.NOT_STARTED,
                evidence=evidence,
            )
        )
    for step_id in log.session.in_state(StepState.RUNNING):
        log.commit(ev.StepHeld(step=step_id, reason="haops ended before it was sent everywhere; confirm it again"))

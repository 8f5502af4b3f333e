"""`haops run RUNBOOK -c INVENTORY`: the engine without the full-screen interface; `--resume` goes on with a session."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haops.cli import options
from haops.errors import EXIT_NOT_MET, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from haops.runtime.engine import Engine


@click.command(
    epilog="""\b
Examples:
  haops run etcd-quorum-loss -c prod.yaml
  haops run ./mine.yaml -c prod.yaml -i older_snapshot=/backup/etcd.db
  haops run --resume 20261121-1513       the beginning of its id will do"""
)
@click.argument("runbook", required=False)
@options.optional_cluster
@options.runbook_inputs
@click.option("-r", "--resume", "resumed", metavar="SESSION", help="Go on with a session: its id or journal.")
@click.option("--plain", is_flag=True, help="Line by line (the only way of this command; said for clarity).")
def run(
    *, runbook: str | None, inventory: Path | None, given: tuple[str, ...], resumed: str | None, plain: bool
) -> None:
    """Run RUNBOOK (its name, or the path of its file) line by line, asking before each step.

    No answer, or an answer of no, runs nothing. Exit code 0: done; 6: no answer; 9: left before the end.
    """
    del plain
    if resumed is not None and (runbook or inventory or given):
        raise click.UsageError("a session goes on with its own runbook, cluster and inputs: --resume stands alone")
    if resumed is not None:
        _line_by_line(_resumed(resumed))
    elif runbook is None or inventory is None:
        raise click.UsageError("say which runbook and which cluster (-c prod.yaml), or --resume SESSION")
    else:
        _begin(runbook, inventory, given)


def _begin(runbook: str, inventory: Path, given: tuple[str, ...]) -> None:
    """Run a runbook in a session of its own."""
    from haops.cli.secrets_prompt import ask_secret  # noqa: PLC0415 - heavy
    from haops.runtime import library, sessions  # noqa: PLC0415
    from haops.runtime.inventories import load_inventory  # noqa: PLC0415

    book = library.load_runbook(runbook)
    values = library.given_inputs(book, given)
    # Triage has nothing else to choose from: the runbook was given.
    engine = sessions.begin(load_inventory(inventory), runbooks=lambda: (book,), prompt=ask_secret)

    def take_up() -> None:
        """Take the runbook up when the engine looks already."""
        refusal = engine.choose_runbook(book, values)
        if refusal:
            raise InputError(str(refusal))

    _line_by_line(engine, take_up)


def _resumed(session: str) -> "Engine":
    """Return a session that goes on. Raises InputError for one that cannot go on line by line."""
    from haops.cli.secrets_prompt import ask_secret  # noqa: PLC0415 - as above
    from haops.runtime import sessions  # noqa: PLC0415
    from haops.runtime.journal_reader import read_journal  # noqa: PLC0415
    from haops.runtime.paths import find_session  # noqa: PLC0415

    directory = find_session(session)
    records = read_journal(directory).records
    # A drill goes on inside its lab only.
    if records and records[0].body.get("mode") == "drill":
        raise InputError("this session is a drill", where=session, remedy=f"haops drill --plain --resume {session}")
    if not any(record.type == "runbook.chosen" for record in records):
        remedy = "haops run RUNBOOK -c prod.yaml, in a session of its own"
        raise InputError("no runbook was taken up in this session", where=session, remedy=remedy)
    return sessions.resume(directory, prompt=ask_secret)


def _nothing() -> None:
    """Take nothing up: the session has its runbook."""


def _line_by_line(engine: "Engine", take_up: "Callable[[], None]" = _nothing) -> None:
    """Hold the session until it is done or left. Ends the process with 9 if something is not done."""
    from haops.cli.plain import PlainSession  # noqa: PLC0415 - as above
    from haops.runtime.ending import leaving_on_signals  # noqa: PLC0415

    with leaving_on_signals(engine.leave):
        try:
            engine.start()
            take_up()
            left_open = PlainSession(engine, input).run()
        # Ctrl-C is none of the signals above: Python makes an exception of it.
        except KeyboardInterrupt:
            engine.leave("SIGINT")
            raise
        finally:
            # Behind another reason this does nothing: the first one stands in the journal.
            engine.leave("left")
    if left_open:
        print(f"Not done: {left_open}. Go on: haops run --resume {engine.view().session.id}", file=sys.stderr)
        sys.exit(EXIT_NOT_MET)

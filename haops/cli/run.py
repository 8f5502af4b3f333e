"""`haops run RUNBOOK -c INVENTORY`: the engine without the full-screen interface."""

import sys
from pathlib import Path

import click

from haops.cli import options
from haops.errors import EXIT_NOT_MET, InputError


@click.command(
    epilog="""\b
Examples:
  haops run etcd-quorum-loss -c prod.yaml
  haops run ./mine.yaml -c prod.yaml -i older_snapshot=/backup/etcd.db"""
)
@click.argument("runbook")
@options.cluster
@options.runbook_inputs
@click.option("--plain", is_flag=True, help="Line by line (the only way of this command; said for clarity).")
def run(runbook: str, inventory: Path, given: tuple[str, ...], plain: bool) -> None:  # noqa: FBT001 - click's way
    """Run RUNBOOK (its name, or the path of its file) line by line, asking before each step.

    No answer, or an answer of no, runs nothing. Exit code 0: done; 6: no answer; 9: left before the end.
    """
    del plain
    from haops.cli.plain import PlainSession  # noqa: PLC0415 - heavy
    from haops.cli.secrets_prompt import ask_secret  # noqa: PLC0415
    from haops.runtime import library, sessions  # noqa: PLC0415
    from haops.runtime.ending import leaving_on_signals  # noqa: PLC0415
    from haops.runtime.inventories import load_inventory  # noqa: PLC0415

    book = library.load_runbook(runbook)
    values = library.given_inputs(book, given)
    engine = sessions.begin(load_inventory(inventory), runbooks=lambda: (book,), prompt=ask_secret)
    with leaving_on_signals(engine.leave):
        try:
            engine.start()
            refusal = engine.choose_runbook(book, values)
            if refusal:
                raise InputError(str(refusal))
            left_open = PlainSession(engine, input).run()
        except KeyboardInterrupt:
            engine.leave("SIGINT")
            raise
        finally:
            engine.leave("left")
    if left_open:
        print(f"Not done: {left_open}", file=sys.stderr)
        sys.exit(EXIT_NOT_MET)

"""`haops journal`: the record of a session, for people and for programs.

Owns the options and what is printed. Must never change a journal. A session is named by its id, by a beginning of the
id that fits one session only, or by the path of its journal.
"""

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from haops.formats.journal_record import Record

EXIT_DAMAGED = 5

_session = click.argument("session")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_types = click.option("--type", "types", multiple=True, metavar="TYPE", help="Only this type, or group: attempt.")
_steps = click.option("--step", "steps", multiple=True, metavar="ID", help="Only what is about this step.")
_full = click.option("--full", is_flag=True, help="Print long values whole.")


@click.group()
def journal() -> None:
    """Read what a session has written down. SESSION is an id, its beginning, or a journal's path."""


@journal.command("list")
@_json
def list_command(*, as_json: bool) -> None:
    """List the sessions on this machine, the newest first."""
    from haops.cli.journal_lines import json_text, summary_line, summary_object  # noqa: PLC0415 - `haops --help` must not wait
    from haops.runtime.journal_summary import summaries  # noqa: PLC0415 - as above

    found = list(summaries())
    if as_json:
        click.echo(json_text([summary_object(summary) for summary in found], indent=2))
        return
    for summary in found:
        click.echo(summary_line(summary))
    if not found:
        click.echo("No sessions yet. `haops session` or `haops drill` begins one.")


@journal.command()
@_session
@_types
@_steps
@_full
@_json
def show(*, session: str, types: tuple[str, ...], steps: tuple[str, ...], full: bool, as_json: bool) -> None:
    """Print the records, one line each; with --json one object a line. Works on a damaged journal too."""
    from haops.runtime.journal_reader import read_journal  # noqa: PLC0415 - as above

    scan = read_journal(_find(session))
    if not _print(scan.records, types, steps, full=full, as_json=as_json) and (types or steps):
        # To standard error: what is on standard output stays a list of records.
        click.echo(f"haops: no record fits; there are {_what_there_is(scan.records)}", err=True)
    if scan.problem:
        click.echo(f"haops: {scan.state.value}: {scan.problem.reason}; `haops journal verify` says more", err=True)
    if scan.stranded:
        click.echo("haops: what follows stands behind the bad place; its order is not proven", err=True)
        _print(scan.stranded, types, steps, full=full, as_json=as_json)


@journal.command()
@_session
@_json
def verify(*, session: str, as_json: bool) -> None:
    """Check every record and output. Exit status 0 if all is as it was written, 5 if not."""
    from haops.cli.journal_lines import json_text, verdict_object  # noqa: PLC0415 - as above
    from haops.core.text import visible  # noqa: PLC0415 - as above
    from haops.runtime.journal_verdict import judge_journal  # noqa: PLC0415 - as above

    verdict = judge_journal(_find(session))
    if as_json:
        click.echo(json_text(verdict_object(verdict), indent=2))
    else:
        for sentence in verdict.sentences():
            click.echo(visible(sentence))
        click.echo(f"head {verdict.scan.head}")
    if not verdict.holds:
        sys.exit(EXIT_DAMAGED)


@journal.command(short_help="Print the records as they are written.")
@_session
@_types
@_steps
@_full
@_json
def follow(*, session: str, types: tuple[str, ...], steps: tuple[str, ...], full: bool, as_json: bool) -> None:
    """Print the records, and then each new one as it is written, until the session is closed or ctrl-c."""
    from haops.runtime.journal_follow import follow_journal  # noqa: PLC0415 - as above

    try:
        _print(follow_journal(_find(session)), types, steps, full=full, as_json=as_json)
    # Ctrl-C is how following ends, not a failure.
    except KeyboardInterrupt:
        # The terminal shows ^C without ending the line.
        click.echo(err=True)


def _find(session: str) -> "Path":
    """Return the journal that the argument names. Raises InputError."""
    from haops.runtime.paths import find_session  # noqa: PLC0415 - as above

    return find_session(session)


def _print(
    records: "Iterable[Record]", types: tuple[str, ...], steps: tuple[str, ...], *, full: bool, as_json: bool
) -> bool:
    """Print the records that were asked for, each as soon as it is there. Returns whether there was any."""
    from haops.cli.journal_lines import json_text, matches, record_line, record_object  # noqa: PLC0415 - as above

    any_fits = False
    for record in records:
        if matches(record, types, steps):
            any_fits = True
            click.echo(json_text(record_object(record)) if as_json else record_line(record, full=full))
    return any_fits


def _what_there_is(records: "Iterable[Record]") -> str:
    """Name the types and steps of records, each once."""
    from haops.core.text import visible  # noqa: PLC0415 - as above

    kept = list(records)
    types = dict.fromkeys(record.type for record in kept)
    steps = dict.fromkeys(str(record.body["step"]) for record in kept if "step" in record.body)
    return visible(f"types {', '.join(types)}; steps {', '.join(steps) or '(none)'}")

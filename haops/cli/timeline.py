"""`haops timeline`: a session's timeline as a file for the postmortem.

Owns the options, and the way from a journal to its timeline. Must never change a journal, and never write over half a
file: the export appears whole.
"""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haops.errors import InputError, JournalDamaged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haops.core.timeline.values import Row, Timeline

FORMATS = ("md", "html", "json", "csv")
_SUFFIXES: Mapping[str, str] = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".json": "json",
                                ".csv": "csv"}  # fmt: skip


@click.command(
    "timeline",
    epilog="""\b
Examples:
  haops timeline 20261121-1513 -o report.html
  haops timeline 20261121-1513 --utc > report.md""",
)
@click.argument("session")
@click.option(
    "-o", "--output", metavar="FILE", default="-", help="Where to write it; its suffix says how; - is standard output."
)
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Instead of what the suffix says.")
@click.option("--utc", is_flag=True, help="Show UTC where local time is shown.")
def timeline(*, session: str, output: str, format_: str | None, utc: bool) -> None:
    """Write the timeline of SESSION (an id, its beginning, or a journal's path) as Markdown, HTML, JSON or CSV."""
    from haops.runtime.paths import find_session  # noqa: PLC0415 - `haops --help` must not wait for it

    name = format_ or _format_of(output)
    # Without an argument astimezone takes the bastion's own zone.
    text = _writer(name)(load_timeline(find_session(session)), _same if utc else datetime.astimezone)
    if output == "-":
        sys.stdout.write(text)
    else:
        _write(Path(output), text)
        click.echo(f"wrote {output}", err=True)


def timeline_entries(journal_path: str) -> "Sequence[Row]":
    """Return the rows of a journal's timeline, also while it is being written."""
    return load_timeline(Path(journal_path)).rows


def load_timeline(journal: Path) -> "Timeline":
    """Return the timeline of a journal; damage in it becomes a remark. Raises JournalError, InputError."""
    from dataclasses import replace  # noqa: PLC0415 - as above

    from haops.core.timeline import build_timeline  # noqa: PLC0415 - as above
    from haops.formats.timeline_source import noted_of  # noqa: PLC0415 - as above
    from haops.runtime.journal_reader import read_journal  # noqa: PLC0415 - as above
    from haops.runtime.sessions import read_runbook  # noqa: PLC0415 - as above

    scan = read_journal(journal)
    if not scan.records and scan.problem:
        raise JournalDamaged(scan.problem.reason, where=str(journal), remedy="`haops journal verify` says more")
    if not scan.records:
        raise InputError("the journal has no record yet", where=str(journal), remedy="again when the session has begun")
    told = build_timeline(scan.sid, [noted_of(record) for record in scan.records], read_runbook)
    if scan.problem is None:
        return told
    remark = f"the journal is {scan.state.value} ({scan.problem.reason}); what follows there is left out"
    return replace(told, remarks=(remark, *told.remarks))


def _format_of(output: str) -> str:
    """Return the format that a file's suffix names. Raises InputError."""
    if output == "-":
        return "md"
    suffix = Path(output).suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError(
            f"the suffix {suffix!r} names no format", where=output, remedy=f"one of {', '.join(_SUFFIXES)}, or --format"
        )
    return _SUFFIXES[suffix]


def _writer(name: str) -> "Callable[[Timeline, Callable[[datetime], datetime]], str]":
    """Return what writes a format."""
    from haops.formats.timeline_csv import timeline_csv  # noqa: PLC0415 - as above
    from haops.formats.timeline_html import timeline_html  # noqa: PLC0415 - as above
    from haops.formats.timeline_json import timeline_json  # noqa: PLC0415 - as above
    from haops.formats.timeline_markdown import timeline_markdown  # noqa: PLC0415 - as above

    return {"md": timeline_markdown, "html": timeline_html, "json": timeline_json, "csv": timeline_csv}[name]


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all, readable by its owner only. Raises InputError."""
    from haops.runtime import private_files  # noqa: PLC0415 - as above

    try:
        private_files.write_export(path, text.encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"cannot be written: {reason}", where=str(path), remedy="another place for -o") from None


def _same(at: datetime) -> datetime:
    """Return a time as it is."""
    return at

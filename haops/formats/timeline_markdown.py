"""The timeline as Markdown. Whatever the journal holds is text here: it can make no link, heading, tag or mention."""

import re
from collections.abc import Iterator

from haops.core.text import visible
from haops.core.timeline.values import Timeline
from haops.formats.timeline_document import Script, Section, Table, ToLocal, document_of

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", ":": "&#58;", ".": "&#46;"}
# Acts anywhere; makes a list, heading or rule at the beginning; or is made a link by itself (https://, www.).
_ACTING = re.compile(r"[\\`*_\[\]|~$&<>@]|^[-+#=]|^\d+[.)](?=\s)|:(?=//)|(?<=[wW]{3})\.")


def timeline_markdown(timeline: Timeline, to_local: ToLocal) -> str:
    """Return the document as Markdown (GitHub's tables)."""
    document = document_of(timeline, to_local)
    lines = [f"# {escape(document.title)}", ""]
    for section in document.sections:
        # No Markdown renderer can be counted on to show an SVG in the text.
        if not section.picture:
            lines += _section(section)
    return "\n".join(lines).rstrip() + "\n"


def escape(text: str) -> str:
    """Return the text so that every Markdown renderer shows it as it is, on one line."""
    return _ACTING.sub(_escape_match, visible(text))


def _escape_match(match: re.Match[str]) -> str:
    """Return one acting character made harmless."""
    acting = match.group()
    # A number and its dot would begin a list: the dot is what is made harmless.
    return acting[:-1] + _ENTITIES.get(acting[-1], f"\\{acting[-1]}")


def _section(section: Section) -> Iterator[str]:
    """Yield the lines of a section."""
    yield from (f"## {escape(section.title)}", "")
    for paragraph in section.paragraphs:
        yield from (escape(paragraph), "")
    if section.table and section.table.rows:
        yield from _table(section.table)
    for point in section.points:
        yield f"- {escape(point)}"
    if section.points:
        yield ""
    for script in section.scripts:
        yield from _script(script)


def _table(table: Table) -> Iterator[str]:
    """Yield the lines of a table."""
    yield _table_line(table.headings)
    yield "|" + " --- |" * len(table.headings)
    yield from (_table_line(row) for row in table.rows)
    yield ""


def _table_line(cells: tuple[str, ...]) -> str:
    """Return one line of a table."""
    return "| " + " | ".join(escape(cell) for cell in cells) + " |"


def _script(script: Script) -> Iterator[str]:
    """Yield a script in a fence that it cannot close."""
    text = visible(script.text, keep_newlines=True)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{escape(script.caption)}:", "", f"{fence}sh", *text.rstrip("\n").split("\n"), fence, "")

"""The timeline as one HTML file that needs no network and runs no script.

Owns the page and its style. Whatever the journal holds is escaped text; the page's own policy forbids everything that
could be fetched or run, should an escape ever be missed.
"""

from collections.abc import Iterator
from html import escape

from haops.core.text import visible
from haops.core.timeline.values import Timeline
from haops.formats.timeline_document import Section, Table, ToLocal, document_of
from haops.formats.timeline_picture import picture

# unsafe-inline is for the page's own style element; scripts fall under the 'none'.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2127; --soft: #5f6b7a; --line: #d5dae1; --stripe: #f4f6f8;
  --good: #2e8b57; --bad: #c62828; --unknown: #8e44ad; --busy: #1f6fb5; --waiting: #b7791f; --idle: #8a94a3; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e6e9ed; --soft: #9aa5b1; --line: #323a44;
  --stripe: #1b2027; --good: #4fb37c; --bad: #ef6a6a; --unknown: #c48be0; --busy: #5aa5e6; --waiting: #d9a441;
  --idle: #78838f; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 1180px; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; font-size: .85rem; width: 100%; }
th, td { border-bottom: 1px solid var(--line); overflow-wrap: anywhere; padding: .25rem .5rem; text-align: left;
  vertical-align: top; }
th { color: var(--soft); font-weight: 600; overflow-wrap: normal; }
tbody tr:nth-child(even) { background: var(--stripe); }
td.fixed { overflow-wrap: normal; white-space: nowrap; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
pre { background: var(--stripe); border: 1px solid var(--line); overflow-x: auto; padding: .75rem; }
svg { height: auto; width: 100%; font: 11px ui-monospace, monospace; }
svg text { fill: var(--ink); } svg .group { font-weight: 700; } svg .axis, svg .note { fill: var(--soft); }
svg .tick { stroke: var(--line); } svg .moment { stroke: var(--ink); stroke-dasharray: 3 3; }
svg .number { font-weight: 700; } svg .word { fill: var(--paper); pointer-events: none; }
svg .good { fill: var(--good); } svg .bad { fill: var(--bad); } svg .unknown { fill: var(--unknown); }
svg .busy { fill: var(--busy); } svg .waiting { fill: var(--waiting); } svg .idle { fill: var(--idle); }
svg .end { font-size: 13px; font-weight: 700; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } h2 { break-after: avoid; }
  svg, tr, pre { break-inside: avoid; } .scroll { overflow: visible; } details > * { display: block; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""
# Times and lengths are compared down their column; single words are not broken into letters for a long sentence.
_FIXED = frozenset({"UTC", "local", "since", "category", "source", "began (UTC)", "length", "took", "planned"})


def timeline_html(timeline: Timeline, to_local: ToLocal) -> str:
    """Return the page."""
    document = document_of(timeline, to_local)
    title = _shown(document.title)
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    )
    sections = "\n".join(line for section in document.sections for line in _section(section, timeline))
    return f"{head}{sections}\n</body>\n</html>\n"


def _shown(text: str) -> str:
    """Return a text as HTML text, one line of it."""
    return escape(visible(text))


def _section(section: Section, timeline: Timeline) -> Iterator[str]:
    """Yield the elements of a section."""
    yield f"<section>\n<h2>{_shown(section.title)}</h2>"
    yield from (f"<p>{_shown(paragraph)}</p>" for paragraph in section.paragraphs)
    if section.picture:
        yield f'<div class="scroll">{picture(timeline)}</div>'
        yield from _numbered_moments(timeline)
    if section.table and section.table.rows:
        yield from _table(section.table)
    if section.points:
        yield "<ul>" + "".join(f"<li>{_shown(point)}</li>" for point in section.points) + "</ul>"
    for script in section.scripts:
        text = escape(visible(script.text, keep_newlines=True))
        yield f"<details><summary>{_shown(script.caption)}</summary><pre>{text}</pre></details>"
    yield "</section>"


def _numbered_moments(timeline: Timeline) -> Iterator[str]:
    """Yield the list that the picture's numbers point at."""
    if timeline.moments:
        yield "<ol>" + "".join(f"<li>{_shown(moment.title)}</li>" for moment in timeline.moments) + "</ol>"


def _table(table: Table) -> Iterator[str]:
    """Yield a table."""
    yield '<div class="scroll"><table>\n<thead><tr>'
    yield "".join(f"<th>{_shown(heading)}</th>" for heading in table.headings)
    yield "</tr></thead>\n<tbody>"
    kinds = ["fixed" if heading in _FIXED else "" for heading in table.headings]
    for row in table.rows:
        cells = (
            f'<td class="{kind}">{_shown(cell)}</td>' if kind else f"<td>{_shown(cell)}</td>"
            for kind, cell in zip(kinds, row, strict=True)
        )
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"

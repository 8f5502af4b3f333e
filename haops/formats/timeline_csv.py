"""The timeline's rows as CSV (RFC 4180, UTF-8) for spreadsheets. No cell can be taken for a formula."""

import csv
import io

from haops.core.text import visible
from haops.core.timeline.values import Timeline
from haops.formats.timeline_document import ToLocal
from haops.formats.timeline_words import utc_text

HEADINGS = (
    "utc", "local", "since_s", "category", "source", "moment", "event", "journal", "record_hash", "stdout", "stderr",
)  # fmt: skip
# The first six are OWASP's (CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")


def timeline_csv(timeline: Timeline, to_local: ToLocal) -> str:
    """Return one line per row, with a line of headings."""
    text = io.StringIO()
    # As OWASP asks too: a separator in a text begins no cell, whichever a spreadsheet splits at.
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADINGS)
    for row in timeline.rows:
        outputs = row.evidence.outputs
        cells = (
            utc_text(row.at), to_local(row.at).isoformat(timespec="seconds"), f"{row.offset_ms / 1000:.3f}",
            row.category.value, row.source, row.moment, row.sentence, str(row.evidence.seq), row.evidence.hash,
            outputs.get("stdout", ""), outputs.get("stderr", ""),
        )  # fmt: skip
        writer.writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def _cell(text: str) -> str:
    """Return a cell that a spreadsheet takes for text: a leading apostrophe says so where it could be a formula."""
    shown = visible(text)
    return f"'{shown}" if shown.lstrip(" ").startswith(_FORMULA) else shown

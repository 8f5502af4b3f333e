import csv
import io
import json
import re
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from stories import noted, opened, quorum_loss, seen

from haops.core import events as ev
from haops.core.text import visible
from haops.core.timeline import Timeline, build_timeline
from haops.core.timeline.values import Lane, Span, Tone
from haops.formats.timeline_csv import HEADINGS, _cell, timeline_csv
from haops.formats.timeline_html import timeline_html
from haops.formats.timeline_json import timeline_json
from haops.formats.timeline_markdown import escape, timeline_markdown
from haops.formats.timeline_picture import picture
from haops.formats.timeline_words import duration_text, measured_text, offset_text
from haops.runtime.sessions import read_runbook

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table><h1>owned</h1>",
    "]]></style><style>*{display:none}",
    "](javascript:alert(1)) [click](http://evil.example)",
    "![x](http://evil.example/x.png) <http://evil.example> https://evil.example www.evil.example @everyone",
    "```\n# heading\n``` | a | b |\n\n---\n> quote",
    "=cmd|' /C calc'!A0",
    "\x1b]52;c;ZXZpbA==\x07\x9b2J\x00\r\x08\x7f",
    "\u202egnp.exe\u2066\u200b\ufeff\udcff",
    "$x^2$ `code` **bold** _it_ ~~gone~~ \\",
    "&lt;script&gt; &#x3c;",
]
BERLIN = timezone(timedelta(hours=1))


def to_berlin(at: datetime) -> datetime:
    """Return the time one hour east."""
    return at.astimezone(BERLIN)


def told(hostile: str = "") -> Timeline:
    """Return the timeline of a drill in which every text from elsewhere is hostile."""
    return build_timeline("s-1", noted(quorum_loss(hostile)), read_runbook)


class Page(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text.append(data)


def page_of(text: str) -> Page:
    """Return what a parser makes of a page."""
    page = Page()
    page.feed(text)
    return page


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("write", [timeline_markdown, timeline_html, timeline_json, timeline_csv])
def test_no_export_holds_a_character_that_acts(write: object, hostile: str) -> None:
    """Controls, bidi and zero-width characters and lone surrogates are written out in every format."""
    text = write(told(hostile), to_berlin)  # type: ignore[operator]
    acting = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and c not in "\r\n"}
    assert acting == set()
    text.encode()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_page_has_the_same_elements_whatever_the_journal_holds(hostile: str) -> None:
    """No text becomes an element or an attribute; nothing that runs or fetches is there at all."""
    plain, page = page_of(timeline_html(told(), to_berlin)), page_of(timeline_html(told(hostile), to_berlin))
    assert page.tags == plain.tags
    assert page.attributes == plain.attributes
    assert not page.tags & {"script", "img", "a", "link", "iframe", "object", "form", "base"}
    assert not any(name.startswith("on") or name in {"href", "src", "style"} for name in page.attributes)
    assert visible(hostile) in "".join(page.text)


def test_a_page_needs_nothing_from_elsewhere() -> None:
    """One file: its policy forbids whatever could be fetched, and nothing asks for it."""
    page = timeline_html(told(), to_berlin)
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org)", page)


def test_a_word_that_stands_alone_in_its_column_is_not_broken() -> None:
    """The sentence beside it gives way: a category of one letter a row makes the timeline a mile long."""
    page = timeline_html(told(), to_berlin)
    assert re.search(r'<td class="fixed">status-change</td>', page)
    assert re.search(r"td.fixed {[^}]*white-space: nowrap", page)


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        ("", "Fault injected: kill on cp1"),
        ("kill on cp1 (signal=9)", "Fault injected: kill on cp1 (signal=9)"),
        ("at night", "Fault injected: kill on cp1 (at night)"),
    ],
)
def test_a_fault_is_told_once(detail: str, sentence: str) -> None:
    """What a fault says of itself often begins with its name and its hosts; they do not stand there twice."""
    story = [(0.0, opened()), (1.0, ev.FaultInjected(fault="kill", targets=("cp1",), detail=detail))]
    assert build_timeline("s-1", noted(story), read_runbook).rows[-1].sentence == sentence


def test_what_was_watched_stands_in_the_picture_by_name() -> None:
    """Not in the order in which answers happened to come in."""
    story = [(0.0, opened()), (1.0, seen("etcd.members", "m2", "leader")), (2.0, seen("etcd.members", "m1", "leader"))]
    timeline = build_timeline("s-1", noted(story), read_runbook)
    assert [lane.name for lane in timeline.lanes] == ["m1", "m2"]


def test_a_page_reads_in_the_dark_and_in_print() -> None:
    """Both are in its style; the picture's states are words, not only colours."""
    page = timeline_html(told(), to_berlin)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert re.search(r'<text class="word"[^>]*>✖ no answer</text>', page)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_markdown_renders_to_the_same_elements_whatever_the_journal_holds(hostile: str) -> None:
    """No link, image, heading, quote, code or raw HTML is made of a text; what was there is what is shown."""

    def rendered(text: str) -> Page:
        return page_of(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))

    plain, page = rendered(timeline_markdown(told(), to_berlin)), rendered(timeline_markdown(told(hostile), to_berlin))
    assert page.tags == plain.tags
    assert not page.tags & {"a", "img", "script", "blockquote", "s", "em", "strong"}
    shown = " ".join("".join(page.text).split())
    assert " ".join(visible(hostile).split()) in shown


@pytest.mark.parametrize("text", ["https://evil.example", "www.evil.example", "WWW.evil.example", "@team", "a@b.c"])
def test_markdown_makes_no_link_or_mention_by_itself(text: str) -> None:
    """What GitHub turns into a link or a notification is broken up with entities, which show the same."""
    assert not re.search(r"://|www\.|@", escape(text), re.IGNORECASE)


@pytest.mark.parametrize("start", ["- x", "+ x", "# x", "1. x", "12) x", "=== x", "> x", "| x", "<!-- x", "<div"])
def test_markdown_text_begins_no_block(start: str) -> None:
    """A text at the beginning of a line stays a paragraph."""
    assert re.fullmatch(r"<p>.*</p>\n", MarkdownIt("commonmark").enable("table").render(escape(start)))


def test_a_script_cannot_close_its_own_fence() -> None:
    """The fence is longer than any run of backticks in the script."""
    text = timeline_markdown(told("\n````\n# owned\n"), to_berlin)
    assert "\n`````sh\n" in text
    assert MarkdownIt("commonmark").enable("table").render(text).count("<h1>") == 1


@pytest.mark.parametrize("hostile", [*HOSTILE, "+1+cmd", "-1", "@SUM(1)", "\t=1", " =1", "%x", "|x"])
def test_no_cell_can_be_taken_for_a_formula(hostile: str) -> None:
    """What begins like a formula gets an apostrophe; the rows stay whole and in order."""
    assert not re.match(r"\s*[=+\-@|%\t\r]", _cell(hostile))
    rows = list(csv.reader(io.StringIO(timeline_csv(told(hostile), to_berlin))))
    assert rows[0] == list(HEADINGS)
    assert {len(row) for row in rows} == {len(HEADINGS)}
    assert not [cell for row in rows for cell in row if re.match(r"\s*[=+\-@|%\t\r]", cell)]


def test_json_holds_everything_for_programs() -> None:
    """One object with rows, moments, durations, lanes and attempts, in printable ASCII."""
    text = timeline_json(told("é\x7f"), to_berlin)
    value = json.loads(text)
    assert text.replace("\n", "").isprintable()
    assert text.isascii()
    assert {d["name"]: d["milliseconds"] for d in value["durations"]}["ttm"] == 71_000
    assert value["rows"][0]["at"] == "2026-11-21T03:14:07.000Z"
    assert value["begun_local"] == "2026-11-21T04:14:07+01:00"
    assert (value["version"], len(value["lanes"]), len(value["attempts"])) == (1, 6, 3)


def test_the_document_has_what_a_postmortem_needs() -> None:
    """Facts with UTC and local time and evidence; what only people know is left to them; no names."""
    text = timeline_markdown(told(), to_berlin)
    wanted = ("Summary", "Key moments", "Durations", "Objectives", "Timeline", "Steps", "Guards overridden", "Evidence",
              "Decisions and what was not chosen", "For people to write", "Action items")  # fmt: skip
    assert [title for title in wanted if f"\n## {title}\n" not in text] == []
    assert "| 2026-11-21 03:14:17.000 | 04:14:17 +0100 | 00:00:10.0 | impact-start | drill |" in text
    assert "| rto | 1 min 0 s | 1 min 11 s | FAIL |" in text
    assert "1 outcome unknown at first, 1 of them settled" in text
    assert not re.search("Ada|Grace", text)


def test_the_picture_stays_readable_with_thousands_of_things() -> None:
    """Of a large group only those that were in a bad state are drawn, and the rest is counted."""

    def lane(number: int) -> Lane:
        tone = Tone.BAD if number % 1000 == 7 else Tone.GOOD
        return Lane(group="nodes", name=f"n{number}", spans=(Span(state="x", tone=tone, start_ms=0, end_ms=1000),))

    drawn = picture(replace(told(), lanes=tuple(lane(number) for number in range(5000))))
    assert "and 4995 more that were never seen in a bad state" in drawn
    assert "n1007</title>n1007</text>" in drawn
    assert drawn.count("<rect") == 5
    assert picture(replace(told(), lanes=())) == ""


def test_the_picture_leaves_out_what_was_only_skipped() -> None:
    """A step that was passed over has nothing to show over time; the table of rows still tells it."""
    skipped = Lane(group="steps", name="revive", spans=(Span(state="skipped", tone=Tone.IDLE, start_ms=5, end_ms=5),))
    drawn = picture(replace(told(), lanes=(*told().lanes, skipped)))
    assert "revive" not in drawn
    assert "awaiting confirmation" in drawn


def test_numbers_of_moments_that_lie_close_together_share_a_label() -> None:
    """The fault and the first bad signal are 2.5 s apart in 90 s; first look and decision are the same record."""
    labels = re.findall(r'class="number"[^>]*>([^<]*)<', picture(told()))
    assert labels == ["1", "2", "3 4", "5", "6", "7"]


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, "not known"), (0, "0.00 s"), (420, "0.42 s"), (12_340, "12.3 s"), (59_960, "60.0 s"),
        (125_000, "2 min 5 s"), (4_320_000, "1 h 12 min"),
    ],
)  # fmt: skip
def test_durations_are_said_as_people_say_them(milliseconds: int | None, text: str) -> None:
    """Two significant units at most."""
    assert duration_text(milliseconds) == text


def test_offsets_and_numbers_have_one_form() -> None:
    """Hours run on beyond a day; an objective has its own unit."""
    assert offset_text(90_061_500) == "25:01:01.5"
    assert measured_text(3, "writes") == "3 writes"
    assert measured_text(None, "writes") == "not known"
    assert measured_text(1500, "ms") == "1.5 s"

"""The picture of a session: states over time as SVG, one lane per member, API server, host, node and step.

Owns the drawing. Colours come from the page's style sheet by class, and every state is also written out, so the picture
reads without colour, in print and by a screen reader. Texts are sanitised and escaped here.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from haops.core.text import cut, visible
from haops.core.timeline.values import Lane, Moment, Span, Timeline, Tone
from haops.formats.timeline_words import duration_text, offset_text

WIDTH = 1160
_LEFT = 190
_RIGHT = 20
_LANE = 20
_BAR = 14
_TITLE = 26
_AXIS = 24
_LETTER = 6.2
_LABEL = 50
_NUMBER = 14
_MAX_LANES = 40
_MAX_TICKS = 10
_NAME_CELLS = 26
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_GLYPHS = {
    Tone.GOOD: "✔", Tone.BAD: "✖", Tone.UNKNOWN: "?", Tone.BUSY: "▶", Tone.WAITING: "…", Tone.IDLE: "·",
}  # fmt: skip


def picture(timeline: Timeline) -> str:
    """Return the whole `<svg>` element, or an empty text if nothing has states."""
    if not timeline.lanes:
        return ""
    scale = _Scale(timeline.length_ms)
    body: list[str] = []
    top = float(_AXIS + _TITLE)
    for group, lanes in groupby(timeline.lanes, key=lambda lane: lane.group):
        shown, left_out = _chosen([lane for lane in lanes if not _was_skipped(lane)])
        body.append(_text(4, top + 16, group, "group"))
        top += _TITLE
        for lane in shown:
            body += _lane(lane, top, scale)
            top += _LANE
        if left_out:
            body.append(_text(4, top + 14, f"and {left_out} more that were never seen in a bad state", "note"))
            top += _LANE
    frame = [*_axis(scale, top), *_marks(timeline.moments, scale, top)]
    label = escape(f"States over time of session {visible(timeline.session)}", quote=True)
    head = f'<svg viewBox="0 0 {WIDTH} {top + 10:.0f}" role="img" aria-label="{label}">'
    return "\n".join([head, *frame, *body, "</svg>"])


class _Scale:
    """From milliseconds to pixels."""

    def __init__(self, length_ms: int) -> None:
        # A session of one record has no length, and nothing may be divided by it.
        self.length_ms = max(length_ms, 1)
        self._wide = WIDTH - _LEFT - _RIGHT

    def x(self, offset_ms: int) -> float:
        """Return the place of a moment."""
        return _LEFT + self._wide * min(offset_ms, self.length_ms) / self.length_ms

    def ticks(self) -> Iterator[int]:
        """Yield at most ten round moments."""
        step_s = next((s for s in _STEPS_S if self.length_ms / 1000 / s <= _MAX_TICKS), _STEPS_S[-1])
        return iter(range(0, self.length_ms + 1, step_s * 1000))


def _chosen(lanes: Sequence[Lane]) -> tuple[list[Lane], int]:
    """Return the lanes to draw, those with something wrong before those without, and how many are left out."""
    if len(lanes) <= _MAX_LANES:
        return list(lanes), 0
    wrong = [lane for lane in lanes if any(span.tone in {Tone.BAD, Tone.UNKNOWN} for span in lane.spans)]
    shown = wrong[:_MAX_LANES] or list(lanes[:_MAX_LANES])
    return shown, len(lanes) - len(shown)


def _was_skipped(lane: Lane) -> bool:
    """Whether nothing is to be drawn of a lane but that it was passed over."""
    return all(span.tone is Tone.IDLE and span.start_ms == span.end_ms for span in lane.spans)


def _axis(scale: _Scale, bottom: float) -> Iterator[str]:
    """Yield the time axis with its lines."""
    for tick in scale.ticks():
        x = scale.x(tick)
        yield f'<line class="tick" x1="{x:.1f}" y1="{_AXIS}" x2="{x:.1f}" y2="{bottom:.0f}"/>'
        anchor = "end" if x > WIDTH - _LABEL else "middle"
        # Ticks are whole seconds: their tenths would all be 0.
        yield _text(x, 14, offset_text(tick)[:-2], "axis", anchor=anchor)


def _marks(moments: Sequence[Moment], scale: _Scale, bottom: float) -> Iterator[str]:
    """Yield a numbered line for each key moment; the numbers are those of the list below the picture."""
    labels: list[tuple[float, list[int]]] = []
    for number, moment in enumerate(moments, 1):
        x = scale.x(moment.offset_ms)
        yield f'<line class="moment" x1="{x:.1f}" y1="{_AXIS}" x2="{x:.1f}" y2="{bottom:.0f}"/>'
        # Numbers that would stand on each other share a label.
        if labels and x - labels[-1][0] < _NUMBER * (len(labels[-1][1]) + 0.5):
            labels[-1][1].append(number)
        else:
            labels.append((x, [number]))
    for x, numbers in labels:
        # At the right edge the label stands on the other side of its line.
        near_edge = x > WIDTH - _LABEL
        shift, anchor = (-2, "end") if near_edge else (2, "start")
        yield _text(x + shift, _AXIS + 10, " ".join(map(str, numbers)), "number", anchor=anchor)


def _lane(lane: Lane, top: float, scale: _Scale) -> Iterator[str]:
    """Yield one lane."""
    yield _text(12, top + 12, cut(visible(lane.name), _NAME_CELLS), "name", title=lane.name)
    for span in lane.spans:
        yield _bar(span, top, scale) if span.end_ms > span.start_ms else _end_mark(span, top, scale)


def _bar(span: Span, top: float, scale: _Scale) -> str:
    """Return one state as a bar, with its word on it where it fits."""
    x = scale.x(span.start_ms)
    # A state of milliseconds stays visible.
    width = max(scale.x(span.end_ms) - x, 1.5)
    took = duration_text(span.end_ms - span.start_ms)
    detail = f": {span.detail}" if span.detail else ""
    title = _title(f"{span.state} for {took}, from {offset_text(span.start_ms)}{detail}")
    bar = f'<rect class="{span.tone.value}" x="{x:.1f}" y="{top:.0f}" width="{width:.1f}" height="{_BAR}" rx="2"/>'
    word = cut(f"{_GLYPHS[span.tone]} {visible(span.state)}", int((width - 6) / _LETTER))
    # A shorter bar has no room for a letter.
    shown = f'<text class="word" x="{x + 3:.1f}" y="{top + 11:.0f}">{escape(word)}</text>' if width > _LANE else ""
    return f"<g>{title}{bar}{shown}</g>"


def _end_mark(span: Span, top: float, scale: _Scale) -> str:
    """Return a state that something ended in as a sign at its moment."""
    # What ends with the session would have its sign outside the picture.
    x = min(scale.x(span.start_ms), WIDTH - _RIGHT - 10)
    title = _title(f"{span.state} at {offset_text(span.start_ms)}")
    sign = f'<text class="end {span.tone.value}" x="{x + 2:.1f}" y="{top + 12:.0f}">{_GLYPHS[span.tone]}</text>'
    return f"<g>{title}{sign}</g>"


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "start", title: str = "") -> str:
    """Return a text element."""
    place = f'class="{kind}" x="{x:.1f}" y="{y:.0f}" text-anchor="{anchor}"'
    return f"<text {place}>{_title(title) if title else ''}{escape(visible(text))}</text>"


def _title(text: str) -> str:
    """Return what is shown when one points at something."""
    return f"<title>{escape(visible(text))}</title>"

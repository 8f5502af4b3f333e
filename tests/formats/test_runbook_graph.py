import string
from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from haops.core.runbook import Runbook, Step
from haops.formats.graph_drawing import ARROWS, ASCII, STEP_MARK, as_dot, draw

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
SIDES = {
    "│": UP | DOWN, "─": LEFT | RIGHT, "╰": UP | RIGHT, "╯": UP | LEFT, "╭": DOWN | RIGHT, "╮": DOWN | LEFT,
    "├": UP | DOWN | RIGHT, "┤": UP | DOWN | LEFT, "┴": UP | LEFT | RIGHT, "┬": DOWN | LEFT | RIGHT, "┼": 15,
    STEP_MARK: UP | DOWN, " ": 0, ARROWS[0]: LEFT | RIGHT, ARROWS[1]: LEFT | RIGHT,
}  # fmt: skip


def runbook(**needs: str) -> Runbook:
    """Return a runbook whose steps need these (letters)."""
    steps = tuple(
        Step(id=step, title=step.upper(), kind="manual", action="", needs=tuple(need)) for step, need in needs.items()
    )
    return Runbook(name="x", title="X", summary="", steps=steps)


def drawing(book: Runbook) -> list[str]:
    """Return the drawing with the steps' ids."""
    return [f"{line.drawing} {line.step.id if line.step else ''}".rstrip() for line in draw(book)]


def test_a_chain_is_a_straight_line() -> None:
    """Steps one after the other need no lines but their marks."""
    assert drawing(runbook(a="", b="a", c="b")) == ["● a", "● b", "● c"]


def test_branches_open_and_close() -> None:
    """Two steps that may run side by side stand in two columns, and come together again."""
    assert drawing(runbook(a="", b="a", c="a", d="bc")) == ["● a", "├─╮", "● │ b", "│ ● c", "├◂╯", "● d"]


def test_an_edge_that_follows_from_others_is_left_out() -> None:
    """Who waits for b, which waits for a, is not drawn to wait for a as well."""
    assert drawing(runbook(a="", b="a", c="ab")) == ["● a", "● b", "● c"]


def test_steps_are_drawn_after_what_they_need() -> None:
    """A runbook may be written in another order than it runs in."""
    assert drawing(runbook(a="b", b="")) == ["● b", "● a"]


def test_there_is_a_drawing_for_plain_terminals() -> None:
    """Without line-drawing characters the same can be read."""
    text = "\n".join(drawing(runbook(a="", b="a", c="a", d="bc"))).translate(ASCII)
    assert text.isascii()
    assert text.splitlines()[:3] == ["* a", "|-.", "* | b"]


graphs = st.integers(1, 9).flatmap(
    lambda count: st.tuples(
        *(st.sets(st.sampled_from(string.ascii_lowercase[:n]) if n else st.nothing()) for n in range(count))
    )
)


@settings(deadline=None)
@given(graphs)
def test_lines_lead_exactly_from_needs_to_what_waits(needs: tuple[set[str], ...]) -> None:
    """Whoever follows the lines downwards from a step arrives at the steps that wait for it, and at no others."""
    book = runbook(**{string.ascii_lowercase[n]: "".join(sorted(need)) for n, need in enumerate(needs)})
    lines = list(draw(book))
    width = max(len(line.drawing) for line in lines)
    grid = [line.drawing.ljust(width) for line in lines]
    marks = {(row, line.drawing.index(STEP_MARK)): line.step.id for row, line in enumerate(lines) if line.step}
    direct = {(marks[start], marks[end]) for start in marks for end in _reached(grid, start, marks)}
    assert _closure(direct) == {(need, step.id) for step in book.steps for need in _before(book, step.id)}


def _reached(grid: list[str], start: tuple[int, int], marks: dict[tuple[int, int], str]) -> set[tuple[int, int]]:
    """Return the marks that lines lead down to; a crossing is passed straight on, a line is never followed upwards."""
    found: set[tuple[int, int]] = set()
    left = deque([(start[0] + 1, start[1], DOWN)])
    while left:
        row, column, heading = left.popleft()
        if row >= len(grid) or (row, column) in marks:
            found |= {(row, column)} & set(marks)
            continue
        sides = SIDES[grid[row][column]]
        turns = heading != DOWN and not sides & heading
        if sides & DOWN and (turns or heading == DOWN):
            left.append((row + 1, column, DOWN))
        for side, step in ((LEFT, -1), (RIGHT, 1)):
            if sides & side and (heading == side or (heading == DOWN and _begins(grid[row], column, side, step))):
                left.append((row, column + step, side))
    return found


def _begins(row: str, column: int, side: int, step: int) -> bool:
    """Return whether a line that leads aside begins in a column: it is its end, and no arrow points at it."""
    is_end = bool(SIDES[row[column]] & side) and not SIDES[row[column]] & (LEFT | RIGHT) & ~side
    return is_end and row[column + step] in ("─", ARROWS[step > 0])


def _closure(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return every pair that follows."""
    known = set(pairs)
    while more := {(a, d) for a, b in known for c, d in known if b == c} - known:
        known |= more
    return known


def _before(book: Runbook, step_id: str) -> set[str]:
    """Return everything that a step waits for."""
    earlier = set(book.step(step_id).needs)
    return earlier.union(*(_before(book, need) for need in earlier)) if earlier else set()


def test_the_graphviz_document_quotes_whatever_titles_hold() -> None:
    """A title with quotes, backslashes and line breaks stays inside its label."""
    step = Step(id="a", title='say "x\\" \n now', kind="manual", action="", rollback="b")
    text = as_dot(Runbook(name="r", title="R", summary="", steps=(step,)))
    assert r'label="a\nsay \"x\\\" \n now\nread"' in text
    assert '"a" -> "b" [style=dashed' in text

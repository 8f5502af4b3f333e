"""The step graph as text: one line for each step, with lines from what it waits for, and as a Graphviz document.

Owns the drawing. It reads from top to bottom: a line that goes down leads to a step that waits. Must never order steps
in a way that the graph does not allow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from haops.core.graph import needs_of
from haops.core.runbook import Runbook, Step

# Bits, so that lines which meet in one cell add up to one character.
_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_LINES: Mapping[int, str] = {
    0: " ",
    _UP | _DOWN: "│",
    _LEFT | _RIGHT: "─",
    _UP | _RIGHT: "╰",
    _UP | _LEFT: "╯",
    _DOWN | _RIGHT: "╭",
    _DOWN | _LEFT: "╮",
    _UP | _DOWN | _RIGHT: "├",
    _UP | _DOWN | _LEFT: "┤",
    _UP | _LEFT | _RIGHT: "┴",
    _DOWN | _LEFT | _RIGHT: "┬",
    _UP | _DOWN | _LEFT | _RIGHT: "┼",
}
STEP_MARK = "●"
_NOBODY = -1
_OPEN = "\n"
"""What a column leads to while more lines branch off it: no step can be called so."""
ARROWS = "◂▸"
ASCII = str.maketrans("│─╰╯╭╮├┤┴┬┼●◂▸", "|-''..||'.+*<>")
"""For terminals that show nothing else."""


@dataclass(frozen=True, slots=True)
class GraphLine:
    """One line of the drawing; `step` is None on lines that only lead somewhere."""

    drawing: str
    step: Step | None = None


@dataclass(slots=True)
class _Lanes:
    """The lines that are on their way down: for each column the id of the step that it leads to, or an empty text."""

    columns: list[str] = field(default_factory=list)

    def column_of(self, step_id: str) -> int:
        """Return the column that leads to a step, or a free one."""
        for wanted in (step_id, ""):
            if wanted in self.columns:
                return self.columns.index(wanted)
        self.columns.append("")
        return len(self.columns) - 1

    def row(self, own: int) -> str:
        """Return the line on which a step stands."""
        cells = [STEP_MARK if i == own else "│" if lane else " " for i, lane in enumerate(self.columns)]
        return " ".join(cells).rstrip()

    def branch(self, begin: int, end: int) -> str:
        """Return the line that leads from one column over to another; where it joins a line it has an arrow."""
        low, high = min(begin, end), max(begin, end)
        cells: list[str] = []
        for column, lane in enumerate(self.columns):
            bits = _UP | _DOWN if lane else 0
            bits |= _UP if column == begin else _DOWN if column == end else 0
            bits |= _RIGHT if low <= column < high else 0
            bits |= _LEFT if low < column <= high else 0
            cells += [_LINES[bits], "─" if low <= column < high else " "]
        if self.columns[end]:
            cells[2 * end - 1 if begin < end else 2 * end + 1] = ARROWS[begin < end]
        return "".join(cells).rstrip()


def draw(runbook: Runbook) -> Iterator[GraphLine]:
    """Yield the drawing line by line. Edges that follow from others are left out."""
    after = _direct_dependents(runbook)
    lanes = _Lanes()
    for step in _in_order(runbook):
        if lanes.columns and step.id not in lanes.columns:
            yield GraphLine(lanes.row(_NOBODY))  # else it would seem to follow from the step above it
        own = lanes.column_of(step.id)
        lanes.columns[own] = ""
        yield GraphLine(lanes.row(own), step)
        yield from _lead_on(lanes, own, after[step.id])


def _lead_on(lanes: _Lanes, own: int, waiting: list[str]) -> Iterator[GraphLine]:
    """Yield the lines from a step to those that wait for it; one of them goes straight down."""
    # Only where no line leads yet: a step that is waited for already has its column.
    straight = next((step for step in waiting if step not in lanes.columns), "")
    lanes.columns[own] = straight
    branches = [step for step in waiting if step != straight]
    for left, step in zip(range(len(branches) - 1, -1, -1), branches, strict=True):
        lanes.columns[own] = straight or (_OPEN if left else "")
        column = lanes.column_of(step)
        # Drawn before the column is taken: a line that begins here does not come from above.
        yield GraphLine(lanes.branch(own, column))
        lanes.columns[column] = step


def _in_order(runbook: Runbook) -> Iterator[Step]:
    """Yield the steps so that each comes after what it needs, else in the order of the runbook."""
    left = list(runbook.steps)
    placed: set[str] = set()
    while left:
        # There always is one: a runbook whose steps need each other in a circle was refused.
        step = next(step for step in left if placed.issuperset(step.needs))
        placed.add(step.id)
        left.remove(step)
        yield step


def _direct_dependents(runbook: Runbook) -> dict[str, list[str]]:
    """Return step -> steps that wait for it and for nothing between the two."""
    needs = needs_of(runbook.steps)
    behind = {step: _all_before(step, needs) for step in needs}
    direct: dict[str, list[str]] = {step: [] for step in needs}
    for step, earlier in needs.items():
        for need in dict.fromkeys(earlier):
            if not any(need in behind[other] for other in earlier):
                direct[need].append(step)
    return direct


def _all_before(step: str, needs: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return everything that a step waits for, directly or not."""
    reached: set[str] = set()
    left = [*needs[step]]
    while left:
        need = left.pop()
        if need not in reached:
            reached.add(need)
            left.extend(needs[need])
    return reached


def as_dot(runbook: Runbook) -> str:
    """Return the graph in Graphviz's language; ways back are dashed."""
    lines = [f"digraph {_quoted(runbook.name)} {{", "  rankdir=TB;", "  node [shape=box];"]
    for step in runbook.steps:
        label = _quoted(f"{step.id}\n{step.title}\n{step.risk.value}")
        lines.append(f"  {_quoted(step.id)} [label={label}];")
    for step in runbook.steps:
        lines += [f"  {_quoted(need)} -> {_quoted(step.id)};" for need in step.needs]
        if step.rollback:
            lines.append(f'  {_quoted(step.id)} -> {_quoted(step.rollback)} [style=dashed, label="way back"];')
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    """Return a text as Graphviz reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

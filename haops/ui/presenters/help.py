"""Help: what the focused thing is, what the states mean, and every key."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from haops.core.risk import Risk
from haops.ui.actions import ALL_ACTIONS
from haops.ui.presenters.keys import all_keys
from haops.ui.presenters.lines import BLANK, Line, Role, Span, dim, line, paragraph, strong, wrap
from haops.ui.presenters.marks import RISK_ROLES, STEP_MARKS

_RISKS: Mapping[Risk, str] = {
    Risk.READ: "looks only; enter confirms it",
    Risk.CHANGE: "changes something that can be changed back; y confirms it, enter never does",
    Risk.DESTROY: "takes something away; only the cluster's name, typed, confirms it",
}
_KEY_COLUMN = 16


class Explained(Protocol):
    """Something that has the focus and explains itself: a pane, a screen, a question."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def explains(self) -> str:
        """What it shows."""

    @property
    def asked(self) -> str:
        """What is asked for it."""


def session_keys(keymap: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (keys, what they do) of the session screen."""
    own = [(", ".join(all_keys(action.keys, keymap, action.id)), action.explains) for action in ALL_ACTIONS]
    panes = ("1 … 9", "go to a pane; tab and shift+tab go round")
    return [*own, panes, ("esc", "back, always; to a question it says no")]


def help_lines(
    focused: Explained | None,
    keys: Sequence[tuple[str, str]],
    sources: tuple[str, ...],
    width: int,
    *,
    in_session: bool = True,
) -> list[Line]:
    """Return the help, beginning with what has the focus; what steps are is explained `in_session` only."""
    lines = _about(focused, sources, width) if focused else []
    lines += [line(strong("Keys"))]
    for names, meaning in keys:
        lines += _row(Span(names, Role.KEY), meaning, width)
    return [*lines, *_about_steps(width)] if in_session else lines


def _about_steps(width: int) -> list[Line]:
    """Return the states of a step, and the risks."""
    lines = [BLANK, line(strong("States of a step"))]
    for mark in STEP_MARKS.values():
        lines += _row(mark.both, mark.meaning, width, column=18)
    lines += [BLANK, line(strong("Risks"))]
    for risk, meaning in _RISKS.items():
        lines += _row(Span(risk.value, RISK_ROLES[risk]), meaning, width)
    return lines


def _about(focused: Explained, sources: tuple[str, ...], width: int) -> list[Line]:
    """Return what a pane shows, what is asked for it, and where the answers came from."""
    lines = [line(strong(focused.title)), *paragraph(focused.explains, width)]
    if focused.asked:
        lines += paragraph(focused.asked, width, label="Asked: ")
    if sources:
        lines += paragraph(", ".join(sources), width, label="Answers came from: ")
    return [*lines, BLANK]


def _row(head: Span, text: str, width: int, *, column: int = _KEY_COLUMN) -> list[Line]:
    """Return a word and its meaning in two columns."""
    padding = " " * max(column - head.width, 1)
    return wrap(line("  ", head, dim(padding), text), width, indent=" " * (column + 2))

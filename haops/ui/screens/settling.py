"""The ways out of what went wrong: settle an unknown attempt, choose after a failure, ask a running one to end."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from haops.core import commands as cmd
from haops.core.commands import Command
from haops.ui.modals.pick import Pick
from haops.ui.presenters.failure import failure_keys, failure_lines, failure_title
from haops.ui.presenters.lines import Line, line, strong
from haops.ui.presenters.unknown import (
    decide_keys,
    decide_lines,
    unknown_attempts,
    unknown_keys,
    unknown_lines,
    unknown_title,
)

if TYPE_CHECKING:
    from haops.core.session_state import Attempt
    from haops.ui.screens.session import SessionScreen

# Both are handed in: `intents`, which has them, imports this module.
Ask = Callable[["SessionScreen", str, list[Line], Callable[[str], Command]], None]
"""Asks for text and gives the command that is made of it."""
Give = Callable[["SessionScreen", Command | None], None]
"""Hands a command to the app."""


def settle(screen: "SessionScreen", ask: Ask, give: Give) -> None:
    """Ask how an unknown attempt of the chosen step is to be settled: by its probe or by the operator."""
    unknown = unknown_attempts(screen.view, screen.chosen_step)
    if not unknown:
        return
    # One at a time: each has its own evidence, and one answer must not settle two.
    attempt = unknown[0]

    def answered(key: str | None) -> None:
        """Probe, or ask for the operator's decision."""
        if key == "p":
            give(screen, cmd.Probe(attempt=attempt.id))
        elif key == "d":
            _decide(screen, attempt, ask)

    facts = unknown_lines(screen.view, attempt)
    screen.app.push_screen(Pick(unknown_title(attempt), facts, unknown_keys(attempt), "-unknown"), answered)


def _decide(screen: "SessionScreen", attempt: "Attempt", ask: Ask) -> None:
    """Ask whether it happened, then for the reason."""

    def said(key: str | None) -> None:
        """Ask for the reason of what was said."""
        if not key:
            return
        happened = key == "h"
        heading = f"It {'happened' if happened else 'did not happen'}: reason"
        facts = [line("What makes you sure? It stands in the journal with your name.")]
        ask(screen, heading, facts, lambda text: cmd.Settle(attempt=attempt.id, happened=happened, reason=text))

    asked = Pick(unknown_title(attempt), decide_lines(attempt), decide_keys(), "-unknown")
    screen.app.push_screen(asked, said)


def explain_failure(screen: "SessionScreen", intents: Mapping[str, Callable[["SessionScreen"], None]]) -> None:
    """Show why the chosen step failed, with the ways on."""
    ways = {"r": "retry", "b": "roll_back", "s": "skip", "o": "output"}
    step = screen.chosen_step

    def taken(key: str | None) -> None:
        """Go the way that was taken."""
        if key:
            intents[ways[key]](screen)

    facts, keys = failure_lines(screen.view, step), failure_keys(screen.view, step)
    screen.app.push_screen(Pick(failure_title(step), facts, keys, "-bad"), taken)


def cancel(screen: "SessionScreen", give: Give) -> None:
    """Ask the running attempts of the chosen step to end."""
    step = screen.chosen_step
    running = [a for a in screen.view.session.attempts.values() if a.step == step and a.outcome is None]
    if not running:
        screen.tell("warning", f"Nothing of {step or 'this session'} is running. Move to a step marked ●.")
        return

    def answered(key: str | None) -> None:
        """Ask each running attempt to end."""
        for attempt in running if key else ():
            give(screen, cmd.Cancel(attempt=attempt.id))

    facts = [
        line(f"Asks {a.step} on {a.target} to end. Whether it did, its probe says; until then it is UNKNOWN.")
        for a in running
    ]
    screen.app.push_screen(Pick(line(strong("Ask it to end")), facts, {"y": "ask it to end"}, "-change"), answered)

"""From keys to what the operator wants: each intent asks its question and hands the answer to the app as a command.

Owns which question belongs to which key. Must never carry out a command: `CommandGiven` goes to the app. Loaded with
the first key, so that the first frame does not wait for it.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from haops.core import commands as cmd
from haops.core.commands import Command
from haops.core.decide import Circumstances, Refusal, decide
from haops.core.states import StepState
from haops.core.view import View
from haops.ui.messages import CommandGiven, LeftSession, LookedAgain
from haops.ui.modals.ask import Ask
from haops.ui.modals.choose import ChooseModal
from haops.ui.modals.confirm import ConfirmModal
from haops.ui.modals.pick import Pick
from haops.ui.presenters.detail import detail_title, full_detail
from haops.ui.presenters.lines import Line, dim, line, strong
from haops.ui.presenters.output_lines import WholeOutput, attempt_to_show, output_title
from haops.ui.presenters.questions import FINISH_KEYS, LEAVE_KEYS, finish_lines, leave_lines
from haops.ui.presenters.timeline import Story, timeline_lines
from haops.ui.screens.settling import cancel, explain_failure, settle
from haops.ui.screens.triage import TriageScreen
from haops.ui.screens.viewer import Viewer

if TYPE_CHECKING:
    from haops.ui.screens.session import SessionScreen


def give(screen: "SessionScreen", command: Command | None) -> None:
    """Hand a command to the app; None is a no."""
    # Remembered until the session has answered: a second key in between must not ask again.
    if isinstance(command, cmd.Confirm | cmd.Choose):
        screen.answered_step = command.step
    if command is not None:
        screen.post_message(CommandGiven(command))


def ask(screen: "SessionScreen", heading: str, facts: list[Line], make: Callable[[str], Command]) -> None:
    """Ask for text and make a command of it."""
    asked = Ask(line(strong(heading)), facts, "Then enter:")
    screen.app.push_screen(asked, lambda text: give(screen, make(text) if text else None))


def _ask_reason(screen: "SessionScreen", heading: str, fact: str, make: Callable[[str], Command]) -> None:
    """Ask for the reason of what is done to the chosen step; say at once why not, if it would be refused."""
    if not screen.chosen_step:
        screen.tell("warning", _not_waiting(screen))
        return
    # The session's own rules, asked ahead: nobody types a reason for what is refused afterwards.
    # The heading stands in for the reason that is not typed yet: an empty one would be refused.
    foreseen = decide(
        screen.view.session, make(heading), Circumstances(operator="", plan_of=screen.view.plans.__getitem__)
    )
    if isinstance(foreseen, Refusal):
        screen.tell("warning", f"Not done: {foreseen}")
    else:
        ask(screen, heading, [line(fact)], make)


def look(screen: "SessionScreen") -> None:
    """Look closer at the chosen step: by its state, its question or everything about it. Runs nothing."""
    closer: Mapping[StepState, Callable[[SessionScreen], None]] = {
        StepState.AWAITING_CONFIRMATION: confirm,
        StepState.UNKNOWN: lambda screen: settle(screen, ask, give),
        StepState.FAILED: lambda screen: explain_failure(screen, INTENTS),
    }
    closer.get(screen.chosen_state or StepState.PENDING, _look_at_all)(screen)


def _look_at_all(screen: "SessionScreen") -> None:
    """Show everything about the chosen step; without one, which runbook fits."""
    step = screen.chosen_step
    if not step:
        triage(screen)
        return
    title = detail_title(screen.view, step)
    make = Viewer(title, lambda view, width: full_detail(view or screen.view, step, width), screen.view)
    screen.app.push_screen(make)


def confirm(screen: "SessionScreen") -> None:
    """Ask about the chosen step, if it waits for the operator."""
    step = screen.chosen_step
    plan = screen.view.plans.get(step)
    if step and step == screen.answered_step:
        # A second key in the same breath: it must not ask again about what was answered a moment ago.
        return
    if screen.chosen_state is not StepState.AWAITING_CONFIRMATION or plan is None:
        screen.tell("warning", _not_waiting(screen))
        return
    asked = ChooseModal(screen.view, step) if plan.options else ConfirmModal(screen.view, step, screen.reading_time_s)
    screen.app.push_screen(asked, lambda command: give(screen, command))


def _not_waiting(screen: "SessionScreen") -> str:
    """Say why nothing can be confirmed, and where to go instead."""
    waiting = screen.view.session.in_state(StepState.AWAITING_CONFIRMATION)
    state = screen.chosen_state
    if state is None:
        return "No runbook is taken up yet, so no step waits. t triage shows which one fits."
    way = f"{waiting[0]} waits for you: move there" if waiting else "enter shows what it needs"
    word = state.value.replace("_", " ")
    return f"{screen.chosen_step} is {word}; only a step that waits for you can be confirmed. {way}."


def skip(screen: "SessionScreen") -> None:
    """Leave the chosen step out, for a reason."""
    step = screen.chosen_step
    fact = "Steps that need it go on as if it were done. The reason stands in the journal."
    _ask_reason(screen, f"Skip {step}", fact, lambda text: cmd.Skip(step=step, reason=text))


def retry(screen: "SessionScreen") -> None:
    """Open the chosen step again."""
    step = screen.chosen_step
    fact = "It will be asked about again before it runs; targets that succeeded are not run again."
    _ask_reason(screen, f"Try {step} again: why", fact, lambda text: cmd.Retry(step=step, reason=text))


def roll_back(screen: "SessionScreen") -> None:
    """Take the chosen step back."""
    step = screen.chosen_step
    if step and not screen.chosen_way_back:
        screen.tell("warning", f"{step} names no way back. enter shows what can be done.")
        return
    fact = f"{screen.chosen_way_back} waits for you then and is confirmed like any other step."
    _ask_reason(screen, f"Roll back {step}: why", fact, lambda text: cmd.RollBack(step=step, reason=text))


def note(screen: "SessionScreen") -> None:
    """Write something down."""
    facts = [line(dim("Begin with ! for something that was done outside the runbook."))]
    ask(
        screen,
        "Note",
        facts,
        lambda text: cmd.AddNote(text=text.removeprefix("!").strip(), outside=text.startswith("!")),
    )


def output(screen: "SessionScreen") -> None:
    """Read the whole output of the chosen step."""
    attempt = attempt_to_show(screen.view, screen.chosen_step)
    if attempt is None:
        screen.tell("warning", "Nothing has run yet, so there is no output. y confirms the step that waits for you.")
        return
    # Of this attempt, whichever step is chosen meanwhile.
    read, whole = screen.read_output, WholeOutput()
    screen.app.push_screen(
        Viewer(output_title(attempt), lambda _v, _w: whole.of(read(attempt.id)), screen.view, follows=True)
    )


def triage(screen: "SessionScreen") -> None:
    """Show which runbook fits, and why."""
    screen.app.push_screen(TriageScreen(screen.view))


def timeline(screen: "SessionScreen") -> None:
    """Show what happened so far."""
    entries = screen.timeline
    if entries is None:
        screen.tell(
            "warning", "The timeline cannot be shown here. `haops timeline SESSION` writes it from the journal."
        )
        return
    title, story = line(strong("timeline")), Story(entries)

    def make(view: View | None, width: int) -> list[Line]:
        """Return the timeline as far as the view knows it."""
        return timeline_lines(story.at((view or screen.view).journal_events), width)

    screen.app.push_screen(Viewer(title, make, screen.view, follows=True))


def look_again(screen: "SessionScreen") -> None:
    """Have everything observed afresh."""
    screen.post_message(LookedAgain())
    screen.tell("notice", "Looking at everything again.")


def finish(screen: "SessionScreen") -> None:
    """Ask how the session ends, then for a closing word."""
    outcomes = {"d": "done", "a": "abandoned"}
    facts = [line("The session cannot be opened again; its journal stays.")]

    def ended(key: str | None) -> None:
        """Ask for the closing word."""
        if key:
            heading = f"Close as {outcomes[key]}: a closing word"
            ask(screen, heading, facts, lambda text: cmd.Close(outcome=outcomes[key], reason=text))

    asked = Pick(line(strong("Close the session")), finish_lines(screen.view), FINISH_KEYS)
    screen.app.push_screen(asked, ended)


def leave(screen: "SessionScreen") -> None:
    """Ask before leaving the screen."""

    def answered(key: str | None) -> None:
        """Leave, if that was the answer."""
        if key:
            screen.post_message(LeftSession())

    screen.app.push_screen(Pick(line(strong("Leave")), leave_lines(screen.view), LEAVE_KEYS), answered)


INTENTS: Mapping[str, Callable[["SessionScreen"], None]] = {
    "look": look,
    "confirm": confirm,
    "skip": skip,
    "retry": retry,
    "roll_back": roll_back,
    "cancel": lambda screen: cancel(screen, give),
    "note": note,
    "output": output,
    "triage": triage,
    "timeline": timeline,
    "look_again": look_again,
    "zoom": lambda screen: screen.zoom(),
    "finish": finish,
    "leave": leave,
}
"""The part of an action's id behind `session.` -> what it asks."""

"""From keys to what the operator wants: each action asks its question and hands the answer to the app as a command.

Owns which question belongs to which key. Must never carry out a command: `CommandGiven` goes to the app.
"""

from collections.abc import Callable

from textual.screen import Screen

from haops.core import commands as cmd
from haops.core.commands import Command
from haops.core.states import StepState
from haops.core.view import Output, View
from haops.ui.messages import CommandGiven, LeftSession, LookedAgain
from haops.ui.modals.ask import Ask
from haops.ui.modals.choose import ChooseModal
from haops.ui.modals.confirm import ConfirmModal
from haops.ui.modals.pick import Pick
from haops.ui.presenters.detail import detail_title, full_detail
from haops.ui.presenters.failure import failure_keys, failure_lines, failure_title
from haops.ui.presenters.lines import Line, dim, line, strong
from haops.ui.presenters.output_lines import attempt_to_show, output_lines, output_title
from haops.ui.presenters.questions import FINISH_KEYS, LEAVE_KEYS, finish_lines, leave_lines
from haops.ui.presenters.timeline import timeline_lines
from haops.ui.presenters.unknown import (
    decide_keys,
    decide_lines,
    unknown_attempts,
    unknown_keys,
    unknown_lines,
    unknown_title,
)
from haops.ui.screens.triage import TriageScreen
from haops.ui.screens.viewer import Viewer
from haops.ui.sources import TimelineSource


class Intents(Screen[None]):
    """The actions of the session screen."""

    view: View
    read_output: Callable[[str], Output]
    timeline: TimelineSource | None
    reading_time_s = 0.3
    """A change is not confirmed by a key that came sooner than this after the question: it could not be read."""

    @property
    def chosen_step(self) -> str:
        """The step under the cursor."""
        raise NotImplementedError

    def tell(self, severity: str, text: str) -> None:
        """Say something to the operator."""
        raise NotImplementedError

    def _state(self) -> StepState | None:
        """Return where the chosen step stands."""
        run = self.view.session.steps.get(self.chosen_step)
        return run.state if run else None

    def _give(self, command: Command | None) -> None:
        """Hand a command to the app; None is a no."""
        if command is not None:
            self.post_message(CommandGiven(command))

    def _ask(self, heading: str, facts: list[Line], make: Callable[[str], Command]) -> None:
        """Ask for text and make a command of it."""
        asked = Ask(line(strong(heading)), facts, "Then enter:")
        self.app.push_screen(asked, lambda text: self._give(make(text)) if text else None)

    def action_look(self) -> None:
        """Look closer at the chosen step: by its state, its question or everything about it. Runs nothing."""
        closer = {
            StepState.AWAITING_CONFIRMATION: self._look_at_question,
            StepState.UNKNOWN: self._settle,
            StepState.FAILED: self._failed,
        }
        closer.get(self._state() or StepState.PENDING, self._look_at_all)()

    def _look_at_question(self) -> None:
        """Open the question of a step that waits; one that needs y or a name is not answered by enter."""
        self.action_confirm()

    def _look_at_all(self) -> None:
        """Show everything about the chosen step."""
        step = self.chosen_step
        if step:
            viewer = Viewer(
                detail_title(self.view, step),
                lambda view, width: full_detail(view or self.view, step, width),
                self.view,
            )
            self.app.push_screen(viewer)
        else:
            self.action_triage()

    def action_confirm(self) -> None:
        """Ask about the chosen step, if it waits for the operator."""
        step = self.chosen_step
        plan = self.view.plans.get(step)
        if self._state() is not StepState.AWAITING_CONFIRMATION or plan is None:
            self._not_waiting()
        elif plan.options:
            self.app.push_screen(ChooseModal(self.view, step), self._give)
        else:
            self.app.push_screen(ConfirmModal(self.view, step, self.reading_time_s), self._give)

    def _not_waiting(self) -> None:
        """Say why nothing can be confirmed, and where to go instead."""
        waiting = self.view.session.in_state(StepState.AWAITING_CONFIRMATION)
        state = self._state()
        here = f"{self.chosen_step} is {state.value.replace('_', ' ')}" if state else "No runbook is taken up yet"
        way = (
            f"{waiting[0]} waits for you: move there"
            if waiting
            else "enter shows what it needs"
            if state
            else "t triage"
        )
        self.tell("warning", f"{here}; only a step that waits for you can be confirmed. {way}.")

    def action_skip(self) -> None:
        """Leave the chosen step out, for a reason."""
        step = self.chosen_step
        if step:
            facts = [line("Steps that need it go on as if it were done. The reason stands in the journal.")]
            self._ask(f"Skip {step}", facts, lambda text: cmd.Skip(step=step, reason=text))

    def action_note(self) -> None:
        """Write something down."""
        facts = [line(dim("Begin with ! for something that was done outside the runbook."))]
        self._ask(
            "Note", facts, lambda text: cmd.AddNote(text=text.removeprefix("!").strip(), outside=text.startswith("!"))
        )

    def action_retry(self) -> None:
        """Open the chosen step again."""
        step = self.chosen_step
        facts = [line("It will be asked about again before it runs; targets that succeeded are not run again.")]
        if step:
            self._ask(f"Try {step} again: why", facts, lambda text: cmd.Retry(step=step, reason=text))

    def action_roll_back(self) -> None:
        """Take the chosen step back."""
        step = self.chosen_step
        facts = [line("Its way back waits for you then and is confirmed like any other step.")]
        if step:
            self._ask(f"Roll back {step}: why", facts, lambda text: cmd.RollBack(step=step, reason=text))

    def action_cancel(self) -> None:
        """Ask a running attempt of the chosen step to end."""
        running = [a for a in self.view.session.attempts.values() if a.step == self.chosen_step and a.outcome is None]
        if not running:
            self.tell(
                "warning", f"Nothing of {self.chosen_step or 'this session'} is running. Move to a step marked ●."
            )
            return
        facts = [
            line(f"Asks {a.step} on {a.target} to end. Whether it did, its probe says; until then it is UNKNOWN.")
            for a in running
        ]

        def cancel(key: str | None) -> None:
            for attempt in running if key else ():
                self._give(cmd.Cancel(attempt=attempt.id))

        self.app.push_screen(Pick(line(strong("Ask it to end")), facts, {"y": "ask it to end"}, "-change"), cancel)

    def _settle(self) -> None:
        """Ask how an unknown attempt is to be settled."""
        unknown = unknown_attempts(self.view, self.chosen_step)
        if not unknown:
            return
        attempt = unknown[0]

        def answered(key: str | None) -> None:
            if key == "p":
                self._give(cmd.Probe(attempt=attempt.id))
            elif key == "d":
                self._decide(attempt.id)

        facts = unknown_lines(self.view, attempt)
        self.app.push_screen(Pick(unknown_title(attempt), facts, unknown_keys(attempt), "-unknown"), answered)

    def _decide(self, attempt_id: str) -> None:
        """Ask whether it happened, then for the reason."""
        attempt = self.view.session.attempts[attempt_id]

        def said(key: str | None) -> None:
            if key:
                facts = [line("What makes you sure? It stands in the journal with your name.")]
                happened = key == "h"
                self._ask(
                    f"It {'happened' if happened else 'did not happen'}: reason",
                    facts,
                    lambda text: cmd.Settle(attempt=attempt_id, happened=happened, reason=text),
                )

        self.app.push_screen(Pick(unknown_title(attempt), decide_lines(attempt), decide_keys(), "-unknown"), said)

    def _failed(self) -> None:
        """Show why the chosen step failed, with the ways on."""
        step = self.chosen_step
        ways = {"r": self.action_retry, "b": self.action_roll_back, "s": self.action_skip, "o": self.action_output}
        facts, keys = failure_lines(self.view, step), failure_keys(self.view, step)
        self.app.push_screen(Pick(failure_title(step), facts, keys, "-bad"), lambda key: ways[key]() if key else None)

    def action_finish(self) -> None:
        """Ask how the session ends."""
        outcomes = {"d": "done", "a": "abandoned"}

        def ended(key: str | None) -> None:
            if key:
                self._ask(
                    f"Close as {outcomes[key]}: a closing word",
                    [line("The session cannot be opened again; its journal stays.")],
                    lambda text: cmd.Close(outcome=outcomes[key], reason=text),
                )

        self.app.push_screen(Pick(line(strong("Close the session")), finish_lines(self.view), FINISH_KEYS), ended)

    def action_leave(self) -> None:
        """Ask before leaving the screen."""
        asked = Pick(line(strong("Leave")), leave_lines(self.view), LEAVE_KEYS)
        self.app.push_screen(asked, lambda key: self.post_message(LeftSession()) if key else None)

    def action_output(self) -> None:
        """Read the whole output of the chosen step."""
        attempt = attempt_to_show(self.view, self.chosen_step)
        if attempt is None:
            self.tell("warning", "Nothing has run yet, so there is no output. y confirms the step that waits for you.")
            return
        viewer = Viewer(
            output_title(attempt),
            lambda _view, _width: output_lines(self.read_output(attempt.id)),
            self.view,
            follows=True,
        )
        self.app.push_screen(viewer)

    def action_triage(self) -> None:
        """Show which runbook fits, and why."""
        self.app.push_screen(TriageScreen(self.view))

    def action_timeline(self) -> None:
        """Show what happened so far."""
        entries = self.timeline
        if entries is None:
            self.tell("warning", "The timeline is not there yet. `haops timeline SESSION` writes it from the journal.")
            return
        viewer = Viewer(
            line(strong("timeline")), lambda _view, width: timeline_lines(entries(), width), self.view, follows=True
        )
        self.app.push_screen(viewer)

    def action_look_again(self) -> None:
        """Have everything observed afresh."""
        self.post_message(LookedAgain())
        self.tell("notice", "Looking at everything again.")

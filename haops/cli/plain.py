"""The session line by line: for serial consoles, screen readers, and pipes. The same engine, the same words.

Owns reading answers from a line. Must never take no answer, or an answer that it does not understand, for a yes.
"""

import shutil
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TextIO

from haops.core import commands as cmd
from haops.core.risk import Risk
from haops.core.session_state import Outcome
from haops.core.states import OPEN, StepState
from haops.core.text import visible
from haops.core.view import Notice, View
from haops.errors import Refused
from haops.runtime.changes import Changes
from haops.runtime.engine import Engine
from haops.ui.presenters.choice import choice_lines
from haops.ui.presenters.confirmation import Confirmation, confirmation
from haops.ui.presenters.lines import Line, wrap
from haops.ui.presenters.marks import STEP_MARKS
from haops.ui.presenters.sentence import sentence
from haops.ui.presenters.steps import undecided

if TYPE_CHECKING:
    from haops.core.decide import Refusal

_ENTER = "enter"
"""How an empty line is named in a question."""
# Longer than any first look takes: until then what is not known may only not have been seen yet.
_KNOWN_WITHIN_S = 10.0
_FALLBACK_SIZE = (80, 24)


class PlainSession:
    """Drives one session through a text stream. `ask` reads one line; it raises EOFError when nobody is there."""

    def __init__(self, engine: Engine, ask: Callable[[str], str], out: TextIO = sys.stdout) -> None:
        self._engine = engine
        self._ask = ask
        self._out = out
        self._changes = Changes(engine)
        self._said: dict[str, str] = {}
        self._sentence = ""
        self._noticed: tuple[Notice, ...] = ()
        self._ready_since_s: dict[str, float] = {}

    def run(self) -> str:
        """Go on until the runbook is done or the operator leaves. Returns what is not done, or nothing."""
        try:
            with self._changes:
                return self._to_the_end()
        except EOFError:
            raise Refused("no answer: nothing more was run", remedy=self._how_to_go_on()) from None

    def _to_the_end(self) -> str:
        """Say what changed and ask what waits, until there is an end."""
        while True:
            self._say_what_changed(self._engine.view())
            if self._engine.is_finished():
                return self._engine.check_done()
            if not self._turn(self._engine.view()):
                return "left before the end"

    def _how_to_go_on(self) -> str:
        """Return the command that goes on with this session line by line; a drill's lab ends with its haops."""
        view = self._engine.view()
        return "haops drill, which begins another" if view.is_drill else f"haops run --resume {view.session.id}"

    def _turn(self, view: View) -> bool:
        """Ask about one thing that waits, or wait. Returns whether to go on."""
        # What waits for a yes comes first: an unknown attempt is probed by itself meanwhile.
        for state, ask in (
            (StepState.AWAITING_CONFIRMATION, self._ask_step),
            (StepState.UNKNOWN, self._ask_unknown),
            (StepState.FAILED, self._ask_failed),
        ):
            waiting = view.session.in_state(state)
            # While others are under way a failure can wait: what they come to may matter for it.
            if waiting and not (state is StepState.FAILED and view.session.in_state(*OPEN)):
                return ask(view, waiting[0])
        stuck = None if view.session.in_state(*OPEN) else self._stuck(view)
        if stuck:
            return self._ask_stuck(stuck)
        self._changes.wait()
        return True

    def _stuck(self, view: View) -> str:
        """Return a step that has waited long for its condition to be known, or nothing."""
        ready = view.session.in_state(StepState.READY)
        # A step is ready for a moment before each offer, too; only one that stays so is counted from when it was seen.
        self._ready_since_s = {step: self._ready_since_s.get(step, view.monotonic_s) for step in ready}
        waited = (step for step, since_s in self._ready_since_s.items() if view.monotonic_s - since_s > _KNOWN_WITHIN_S)
        return next(waited, "")

    def _ask_stuck(self, step_id: str) -> bool:
        """Ask about a step of which it does not become known whether it applies."""
        typed = self._ask(f"{step_id} still waits. enter = look again, s = skip it, q = leave: ").strip()
        if typed == "s":
            return self._skip(step_id)
        del self._ready_since_s[step_id]
        return typed != "q"

    def _ask_step(self, view: View, step_id: str) -> bool:
        """Ask about a step that waits."""
        plan = view.plans[step_id]
        if plan.options:
            return self._ask_choice(view, step_id)
        question = confirmation(view, step_id, self._width())
        if question is None:
            return True
        self._print(question.title.plain, *_plain(question.lines))
        if question.obstacle:
            return self._ask_obstacle(step_id, question.obstacle)
        if question.by_hand:
            return self._ask_by_hand(view, step_id, question)
        wanted = _wanted(view, plan.step.risk)
        typed = self._ask(f"Run {step_id}? {wanted} = run it, s = skip it, q = leave: ").strip()
        if typed == ("" if wanted == _ENTER else wanted):
            return self._confirm(step_id, question)
        return self._not_run(step_id, typed)

    def _ask_by_hand(self, view: View, step_id: str, question: Confirmation) -> bool:
        """Ask about a step that a person does: first what was done and seen, then the answer that its risk asks for."""
        statement = self._ask("What you did and saw (empty: nothing yet; s = skip it, q = leave): ").strip()
        if statement in ("", "s", "q"):
            return self._not_run(step_id, statement)
        wanted = _wanted(view, view.plans[step_id].step.risk)
        if wanted == _ENTER:
            return self._confirm(step_id, question, statement)
        typed = self._ask(f"Confirm {step_id} as done? {wanted} = yes, anything else = no: ").strip()
        return self._confirm(step_id, question, statement) if typed == wanted else self._not_run(step_id, "")

    def _not_run(self, step_id: str, typed: str) -> bool:
        """Skip the step or say that it was not run. Returns whether to go on."""
        if typed == "s":
            return self._skip(step_id)
        self._print(f"{step_id} was not run.")
        return typed != "q"

    def _confirm(self, step_id: str, question: Confirmation, statement: str = "") -> bool:
        """Confirm exactly what was shown."""
        confirm = cmd.Confirm(step=step_id, plan_digest=question.digest, answer=question.answer, statement=statement)
        return self._submit(confirm)

    def _ask_obstacle(self, step_id: str, obstacle: str) -> bool:
        """Say what stands in the way and what can be done."""
        typed = self._ask(f"{obstacle}. enter = look again, s = skip it, q = leave: ").strip()
        if typed == "s":
            return self._skip(step_id)
        return typed != "q"

    def _skip(self, step_id: str) -> bool:
        """Skip a step for a reason."""
        return self._submit(cmd.Skip(step=step_id, reason=self._ask("Why is it skipped: ")))

    def _ask_choice(self, view: View, step_id: str) -> bool:
        """Ask which way is taken."""
        plan = view.plans[step_id]
        self._print(f"{step_id}: {plan.step.title}", *_plain(choice_lines(plan, self._width())))
        typed = self._ask("Which way (its name), enter = look again, q = leave: ").strip()
        if typed in ("", "q"):
            return typed != "q"
        # A word that is no answer, or a closed one, is refused by the session, which says why.
        return self._submit(cmd.Choose(step=step_id, value=typed))

    def _ask_unknown(self, view: View, step_id: str) -> bool:
        """Say what is unknown; it is probed by itself, and a person may decide with a reason."""
        unknown = [a for a in view.session.round_attempts(step_id) if a.outcome is Outcome.UNKNOWN]
        # Each attempt is asked about once; its probe goes on meanwhile.
        if not unknown or self._said.get(unknown[0].id) == "unknown":
            self._changes.wait()
            return True
        attempt = unknown[0]
        self._print(f"UNKNOWN: {step_id} on {attempt.target}: {attempt.evidence}")
        typed = self._ask("enter = let its probe settle it, yes = it happened, no = it did not, q = leave: ").strip()
        if typed in ("yes", "no"):
            reason = self._ask("How do you know: ")
            return self._submit(cmd.Settle(attempt=attempt.id, happened=typed == "yes", reason=reason))
        self._said[attempt.id] = "unknown"
        return typed != "q"

    def _ask_failed(self, view: View, step_id: str) -> bool:
        """Say what failed and offer what can be done."""
        run = view.session.steps[step_id]
        self._print(f"FAILED: {step_id}: {run.reason}")
        typed = self._ask("r = try again, b = take it back, s = skip it, q = leave: ").strip()
        answers: dict[str, Callable[[], bool]] = {
            "r": lambda: self._submit(cmd.Retry(step=step_id)),
            "b": lambda: self._submit(cmd.RollBack(step=step_id)),
            "s": lambda: self._skip(step_id),
        }
        return answers[typed]() if typed in answers else typed != "q"

    def _submit(self, command: cmd.Command) -> bool:
        """Submit a command; a refusal is said, and the turn is over."""
        refusal: Refusal | None = self._engine.submit(command)
        if refusal:
            self._print(f"Refused: {refusal}")
        return True

    def _say_what_changed(self, view: View) -> None:
        """Say what there is to notice, the sentence, and the steps whose state is another than last time."""
        for notice in view.notices:
            if notice not in self._noticed:
                self._print(notice.text)
        self._noticed = view.notices
        first = sentence(view)[0]
        if first.plain != self._sentence:
            self._sentence = first.plain
            self._print(*_plain(wrap(first, self._width(), indent="  ")))
        for step_id, run in view.session.steps.items():
            words = _words(view, step_id)
            if self._said.get(step_id) != words:
                self._said[step_id] = words
                # At the beginning every step is: that is nothing to say of each.
                if run.state is not StepState.PENDING:
                    self._print(f"{view.now:%H:%M:%S} {step_id} {words}")

    def _print(self, *lines: str) -> None:
        """Print lines through the one gate: no remote byte acts on the terminal."""
        for text in lines:
            print(visible(text, keep_newlines=True), file=self._out, flush=True)

    def _width(self) -> int:
        """Return how wide the terminal is."""
        return shutil.get_terminal_size(_FALLBACK_SIZE).columns


def _wanted(view: View, risk: Risk) -> str:
    """Return the answer that a risk asks for."""
    return {Risk.READ: _ENTER, Risk.CHANGE: "y", Risk.DESTROY: view.inventory.cluster}[risk]


def _words(view: View, step_id: str) -> str:
    """Return where a step stands, and why."""
    run, runbook = view.session.steps[step_id], view.session.runbook
    step = runbook.step(step_id) if runbook else None
    if step and step.when and undecided(view, step, run):
        # Without the values: they may change with every look, and each time it would be said anew.
        return f"waits until it is known whether it applies: {step.when.text}"
    return f"{STEP_MARKS[run.state].word}{f': {run.reason}' if run.reason else ''}"


def _plain(lines: Iterable[Line]) -> list[str]:
    """Return lines as text."""
    return [line.plain for line in lines]

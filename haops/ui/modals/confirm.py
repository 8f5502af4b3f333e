"""The confirmation: what exactly would run, and the one answer that its risk asks for.

Owns the way from key to answer. `enter` never confirms a change: a change needs `y`, a destructive step the cluster's
name. Must never confirm anything but what it has shown: if the plan changes meanwhile, the answer is gone.
"""

from collections.abc import Sequence
from math import inf
from time import monotonic
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from haops.core.commands import Answer, Confirm
from haops.core.view import View
from haops.ui.modals.ask import Ask
from haops.ui.modals.question import Question
from haops.ui.presenters.confirmation import Confirmation, confirmation
from haops.ui.presenters.lines import Line, Role, Span, line, strong
from haops.ui.presenters.topic import Topic


class ConfirmModal(Question[Confirm]):
    """Asks about one step, with its guards live; the answer is a Confirm with the digest that was shown."""

    topic = Topic(
        "Confirming a step",
        "What stands here is exactly what runs, where, and nothing else. enter confirms a step that only reads, y one "
        "that changes something, the cluster's name, typed, one that destroys; esc is no. Guards are looked at again "
        "while it stands here. This help confirms nothing; esc leads back to the question.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        # Without priority: where a place to type has the focus, these are letters.
        Binding("y", "answer('y')", "run it", id="confirm.yes", tooltip="run a step that changes something"),
        Binding("enter", "answer('enter')", "run it", id="confirm.enter", tooltip="run a step that only reads"),
        Binding("o", "override", "override", id="confirm.override", tooltip="override a guard, with a reason"),
    ]

    def __init__(self, view: View, step: str, reading_time_s: float) -> None:
        super().__init__()
        self._view = view
        self._step = step
        self._reading_time_s = reading_time_s
        # Infinite until the question is drawn: no key before that can have been meant for it.
        self._shown_s = inf
        self._overrides: dict[str, str] = {}
        self._hint = ""
        # Kept from the first showing: a plan that changes later never matches it again.
        self._digest = view.plans[step].digest

    def _now(self, width: int = 80) -> Confirmation | None:
        """Return the question as things are now."""
        # The width shapes the lines only: who asks for anything else of the question gives none.
        return confirmation(self._view, self._step, width, overrides=tuple(self._overrides), shown_digest=self._digest)

    def tone(self) -> str:
        """Frame it by its risk."""
        return f"-{self._view.plans[self._step].step.risk}"

    def places(self) -> Sequence[str]:
        """Return the places to type: what was done by hand, and what a dangerous answer must spell out."""
        now = self._now()
        if now is None:
            return ()
        return [name for name, wanted in (("statement", now.by_hand), ("typed", bool(now.to_type))) if wanted]

    def heading(self) -> Line:
        """Return the title."""
        now = self._now()
        return now.title if now else line("Confirm")

    def facts(self, width: int) -> Sequence[Line]:
        """Return script, environment, targets, guards, what can go wrong, way back."""
        now = self._now(width)
        return now.lines if now else [line(Span("This step does not wait for you any more.", Role.WARN))]

    def asked(self) -> Line:
        """Return the question, after why the last key did not answer it."""
        now = self._now()
        hint = line(Span(f"{self._hint}  ", Role.BAD)) if self._hint else line()
        return hint + (now.question if now else line(Span("esc", Role.KEY), " back"))

    def renew(self) -> None:
        """Show the question as it is now; while a guard stands in the way nothing can be typed: `o` is a key then."""
        super().renew()
        now = self._now()
        inputs = list(self.query(Input))
        for place in inputs:
            place.disabled = now is None or bool(now.obstacle)
        # The toolkit takes the focus from a place that is disabled, and does not give it back.
        if inputs and not inputs[0].disabled and not any(place.has_focus for place in inputs):
            inputs[0].focus()

    def on_mount(self) -> None:
        """Show what can be typed; the toolkit calls the method of the class above as well."""
        self.renew()

    def on_screen_resume(self) -> None:
        """Begin the reading time: also when it stands there again, after the help or a reason."""
        self._shown_s = inf
        self.call_after_refresh(self._note_shown)

    def _note_shown(self) -> None:
        """Count the reading time from here: on a busy bastion the question stands long after it was asked for."""
        self._shown_s = monotonic()

    def show(self, view: View) -> None:
        """Renew guards and plan."""
        self._view = view
        self.renew()

    def action_answer(self, key: str) -> None:
        """Take a key as the answer, if it is the one that the risk asks for."""
        now = self._now()
        if now is None:
            self.dismiss(None)
            return
        # What has to be typed cannot be answered by a key.
        if now.to_type or now.by_hand:
            return
        if now.obstacle:
            self._say("Not run:")
        elif now.answer != key:
            self._say("enter does not run a change; y does." if key == Answer.ENTER else "")
        # A key typed ahead of the question says nothing about it; a step that only reads is exempt.
        elif now.answer is Answer.YES and monotonic() - self._shown_s < self._reading_time_s:
            self._say("That key came before this could be read. Once more:")
        else:
            self._confirm(now)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what was typed as the answer, once every place holds what it must."""
        event.stop()
        now = self._now()
        if now is None or now.obstacle:
            return self._say("Not run:")
        if now.by_hand and not self._text("statement"):
            return self._say("Say first what you did and saw.")
        if event.input.id == "statement" and now.to_type:
            self.query_one("#typed", Input).focus()
            return None
        if now.to_type and self._text("typed") != now.to_type:
            return self._say(f"That is not {now.to_type}.")
        return self._confirm(now)

    def _confirm(self, now: Confirmation) -> None:
        """Answer with exactly what was shown."""
        self.dismiss(
            Confirm(
                step=self._step,
                plan_digest=now.digest,
                answer=now.answer,
                overrides=dict(self._overrides),
                statement=self._text("statement"),
            )
        )

    def _text(self, name: str) -> str:
        """Return what stands in a place to type; empty if there is no such place."""
        found = list(self.query(f"#{name}").results(Input))
        return found[0].value.strip() if found else ""

    def _say(self, hint: str) -> None:
        """Say why nothing ran."""
        self._hint = hint
        self.renew()

    def action_override(self) -> None:
        """Ask for the reason for which a guard is overridden."""
        now = self._now()
        if now is None or not now.overridable:
            return
        guard = now.overridable

        def keep(reason: str | None) -> None:
            """Keep the reason for the confirmation, if one was given."""
            if reason:
                self._overrides[guard] = reason
            self.renew()

        why = [line("The guard: ", strong(guard)), line("Your reason stands in the journal beside the confirmation.")]
        self.app.push_screen(Ask(line(strong("Override a guard")), why, "Reason, then enter:"), keep)

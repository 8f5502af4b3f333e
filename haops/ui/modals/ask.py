"""A question for a line of text: a reason, a note."""

from collections.abc import Sequence
from typing import ClassVar

from textual.widgets import Input

from haops.ui.modals.question import Question
from haops.ui.presenters.lines import Line, Role, Span, line, wrap
from haops.ui.presenters.topic import Topic


class Ask(Question[str]):
    """Asks for text that is not empty; the answer is the text."""

    topic = Topic(
        "A text",
        "What you type stands in the journal, with your name. enter hands it over. This help answers nothing.",
    )
    INPUTS: ClassVar[tuple[str, ...]] = ("text",)

    def __init__(self, heading: Line, facts: Sequence[Line], question: str) -> None:
        super().__init__()
        self._heading = heading
        self._facts = facts
        self._question = question
        self._hint = ""

    def heading(self) -> Line:
        """Return the title."""
        return self._heading

    def facts(self, width: int) -> Sequence[Line]:
        """Return what the text is about."""
        return [piece for fact in self._facts for piece in wrap(fact, width)]

    def asked(self) -> Line:
        """Return the question."""
        return line(Span(self._hint, Role.BAD), f"{self._question}  ", Span("esc: do not", Role.KEY))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the text, unless it is empty."""
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())
        else:
            self._hint = "It cannot be empty. "
            self.renew()

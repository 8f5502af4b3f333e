"""A question whose answers are single keys, each with its words."""

from collections.abc import Mapping, Sequence

from textual import events

from haops.ui.modals.question import Question
from haops.ui.presenters.lines import Line, Role, Span, line, wrap


class Pick(Question[str]):
    """Asks for one of a few keys; the answer is the key. Any other key answers nothing."""

    def __init__(self, heading: Line, facts: Sequence[Line], keys: Mapping[str, str], tone: str = "") -> None:
        super().__init__()
        self._heading = heading
        self._facts = facts
        self.answers = keys
        self._tone = tone

    def tone(self) -> str:
        """Frame it as told."""
        return self._tone

    def heading(self) -> Line:
        """Return the title."""
        return self._heading

    def facts(self, width: int) -> Sequence[Line]:
        """Return what the answer rests on."""
        return [piece for fact in self._facts for piece in wrap(fact, width)]

    def asked(self) -> Line:
        """Return the keys with their words."""
        pairs = [(Span(key, Role.KEY), Span(f" {words}   ")) for key, words in self.answers.items()]
        return line(*(span for pair in pairs for span in pair), Span("esc", Role.KEY), " back")

    def on_key(self, event: events.Key) -> None:
        """Answer with the key, if it is one of those offered."""
        # No bindings: those belong to the class, and each question of this one has keys of its own.
        if event.key in self.answers:
            event.stop()
            self.dismiss(event.key)

"""The form for a runbook's inputs: each with its form and meaning, read by the same rules as on the command line."""

import os
from collections.abc import Sequence

from textual.widgets import Input

from haops.core.runbook import Runbook
from haops.errors import InputError
from haops.ui.modals.question import Question
from haops.ui.presenters.lines import Line, Role, Span, line, strong, wrap
from haops.ui.presenters.triage import input_label, inputs_to_ask


class InputsModal(Question[dict[str, object]]):
    """Asks for every input of a runbook; the answer is name -> value."""

    def __init__(self, runbook: Runbook) -> None:
        super().__init__()
        self._runbook = runbook
        self._inputs = inputs_to_ask(runbook)
        self._hint = ""

    def places(self) -> Sequence[str]:
        """Return one place to type for each input."""
        # Numbers, because an input's own name need not be an id that the style sheet allows.
        return [f"input-{number}" for number in range(len(self._inputs))]

    def heading(self) -> Line:
        """Return the title."""
        return line(strong(f"Take up {self._runbook.name}"))

    def facts(self, width: int) -> Sequence[Line]:
        """Return the inputs in the order of the places below."""
        lines = wrap(line(self._runbook.summary), width)
        for number, wanted in enumerate(self._inputs, 1):
            default = line(f"  default {wanted.default}") if wanted.default is not None else line()
            lines += wrap(line(f"{number}. ") + input_label(wanted) + default, width, indent="   ")
        return lines

    def asked(self) -> Line:
        """Return the question."""
        hint = Span(f"{self._hint} ", Role.BAD) if self._hint else ""
        return line(hint, "Fill in from top to bottom, enter goes on.  ", Span("esc: take up nothing", Role.KEY))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next place, or take the values if this was the last."""
        event.stop()
        places = self.places()
        at = places.index(event.input.id or "")
        if at + 1 < len(places):
            self.query_one(f"#{places[at + 1]}", Input).focus()
            return
        from haops.formats.input_values import read_inputs  # noqa: PLC0415 - not needed for the first frame

        given = {
            wanted.name: self.query_one(f"#{place}", Input).value.strip()
            for wanted, place in zip(self._inputs, places, strict=True)
        }
        try:
            # A place left empty means the default, not an empty text.
            typed = {name: text for name, text in given.items() if text}
            self.dismiss(read_inputs(self._runbook.inputs, typed, directory=os.getcwd()))  # noqa: PTH109 - a text is asked for
        except InputError as error:
            self._hint = f"{error.message}."
            # From the top again: what was typed stays, and enter leads to the mistake.
            self.query_one(f"#{places[0]}", Input).focus()
            self.renew()

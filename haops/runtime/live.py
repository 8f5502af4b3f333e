"""What a screen may ask of a running session. Owns the protocol; `runtime.engine` is the real one."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from haops.core.commands import Command
from haops.core.decide import Refusal
from haops.core.runbook import Runbook
from haops.core.view import Output, View


class LiveSession(Protocol):
    """A session that goes on by itself, with or without a screen. Every method may be called from any thread."""

    def view(self) -> View:
        """Return one consistent look at it. Cheap: nothing is measured for it."""

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener after every change, from whatever thread made it; returns how to stop that."""

    def submit(self, command: Command) -> Refusal | None:
        """Carry out a command, or return why not. What was confirmed is on disk when this returns."""

    def choose_runbook(self, runbook: Runbook, inputs: Mapping[str, Any]) -> Refusal | None:
        """Take up a runbook."""

    def output(self, attempt: str) -> Output:
        """Return what an attempt has printed so far."""

    def look_again(self) -> None:
        """Have everything observed afresh now."""

    def leave(self, reason: str) -> None:
        """Write down that the operator leaves, end all threads, and close the journal. What runs on hosts goes on."""

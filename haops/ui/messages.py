"""What screens and the running session tell the app. Past tense: each says what happened."""

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from haops.core.commands import Command
    from haops.core.runbook import Runbook
    from haops.runtime.live import LiveSession
    from haops.ui.sources import StartChoice


class SessionChanged(Message):
    """The running session is not as it was; any number of these stand for one."""

    # The toolkit drops a waiting message that the next can replace: a burst of records costs one renewal.
    def can_replace(self, message: Message) -> bool:
        """Whether this one makes a waiting one superfluous."""
        return isinstance(message, SessionChanged)


class SessionOpened(Message):
    """The session is open."""

    def __init__(self, live: "LiveSession") -> None:
        super().__init__()
        self.live = live


class SessionNotOpened(Message):
    """The session could not be opened."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class CommandGiven(Message):
    """The operator asked for something."""

    def __init__(self, command: "Command") -> None:
        super().__init__()
        self.command = command


class RunbookTaken(Message):
    """The operator took up a runbook with these inputs."""

    def __init__(self, runbook: "Runbook", inputs: dict[str, object]) -> None:
        super().__init__()
        self.runbook = runbook
        self.inputs = inputs


class CommandAnswered(Message):
    """A command was refused (`refusal` says why and what to do instead) or carried out (it is empty).

    `done` says so where nothing else on the screen would.
    """

    def __init__(self, refusal: str, done: str = "") -> None:
        super().__init__()
        self.refusal = refusal
        self.done = done


class LookedAgain(Message):
    """The operator wants everything observed afresh."""


class LeftSession(Message):
    """The operator wants to leave."""


class StartChosen(Message):
    """Something was chosen on the start screen."""

    def __init__(self, choice: "StartChoice") -> None:
        super().__init__()
        self.choice = choice

"""One exchange with a text on the host, from its start to its close.

Owns the translation of "it did not answer as it should" into errors. Must never put raw remote bytes into a message.
"""

from types import TracebackType
from typing import Self

from haops.connectors.detached.conversing import Listener
from haops.connectors.detached.link import Deadline, Link
from haops.connectors.detached.texts import Text, command_for
from haops.connectors.detached.wire import Reply
from haops.errors import ConnectionLost, ConnectorError, Denied, RemoteFailed

_SHOWN_CHARACTERS = 400


def spoken(noise: bytes) -> str:
    """Return what something on the host said as one line of plain ASCII."""
    text = " / ".join(noise.decode(errors="backslashreplace").split("\n")).strip(" /")
    # Messages go to terminals, journals and reports: nothing that a host says may act in any of them.
    return ascii(text[:_SHOWN_CHARACTERS])[1:-1]


class Talk:
    """A text that was started and given its input (not yet ended, with `more`). Leaving it stops listening."""

    def __init__(self, link: Link, text: Text, content: bytes, deadline: Deadline, *, more: bool = False) -> None:
        self._where = link.name
        self._deadline = deadline
        self.conversation = link.start(command_for(text), deadline)
        self.listener = Listener(self.conversation, where=link.name)
        self._send(content, more=more)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.conversation.close()

    def reply(self, *expected: str) -> Reply:
        """Return the text's next reply, one of the expected words.

        Raises Denied or RemoteFailed if the text did not begin or said that it failed, ConnectionLost or TimedOut.
        """
        found = self.listener.reply(self._deadline)
        if found is None:
            raise self.silence()
        if found.word == "failed":
            raise RemoteFailed(self._failure(found), where=self._where)
        if found.word not in expected:
            raise RemoteFailed(f"it answered {found.word!r} to a question that has no such answer", where=self._where)
        return found

    def silence(self) -> ConnectorError:
        """Return the error for a text that ended without a word."""
        status = self.conversation.exit_status(self._deadline)
        said = spoken(self.listener.said)
        if status is None:
            return ConnectionLost("what was started there ended without saying how", where=self._where)
        if "sudo:" in said:
            return Denied(
                f"sudo refused: {said}", where=self._where, remedy="check `become` in the inventory and sudoers"
            )
        return RemoteFailed(f"nothing was run there (exit status {status}): {said}", where=self._where)

    def _failure(self, reply: Reply) -> str:
        reason = " ".join(reply.rest).replace("-", " ")
        said = spoken(self.listener.said)
        return f"{reason}: {said}" if said else reason

    def _send(self, content: bytes, *, more: bool) -> None:
        try:
            self.conversation.send(content, self._deadline)
            if not more:
                self.conversation.end_input()
        # Nobody else has it yet who could close it.
        except BaseException:
            self.conversation.close()
            raise

"""Listening to a text on the host: its reply lines apart from the script's own output.

Owns the order in which they come: reply lines first, then bytes; on the error output whatever the way there says
(sudo, a login shell), then the greeting, then bytes. Must never keep more output than the limit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from haops.connectors.detached.link import Conversation, Deadline
from haops.connectors.detached.wire import GREETING, MAX_OUTPUT_BYTES, Reply, parse_reply
from haops.errors import TimedOut

# No reply comes near it; what else speaks there may never end its line.
_LONGEST_LINE = 4096
# So often the deadline is looked at while nothing comes.
_TICK_S = 0.5


@dataclass(slots=True)
class Kept:
    """The first bytes of one output, and how many came after them."""

    content: bytearray = field(default_factory=bytearray)
    dropped_bytes: int = 0

    def add(self, piece: bytes) -> None:
        """Keep what fits."""
        room = MAX_OUTPUT_BYTES - len(self.content)
        self.content += piece[:room]
        self.dropped_bytes += max(0, len(piece) - room)


class Listener:
    """Reads one conversation; `out` and `err` are what follows the replies."""

    def __init__(self, conversation: Conversation, *, where: str) -> None:
        self.out = Kept()
        self.err = Kept()
        self.noise = Kept()
        """What was said on the error output before the text spoke, or by something that is not the text."""
        self._conversation = conversation
        self._where = where
        self._lines = bytearray()
        self._error_lines = bytearray()
        self._in_replies = True
        self._in_noise = True
        self._ended = False

    def reply(self, deadline: Deadline) -> Reply | None:
        """Return the next reply line; None if the program ended without one. Raises ConnectionLost or TimedOut."""
        while True:
            found = self._next_reply()
            if found is not None or self._ended:
                return found
            self._listen(deadline)

    def reply_within(self, wait_s: float) -> Reply | None:
        """Return the next reply line if it comes in that time."""
        found = self._next_reply()
        if found is None and not self._ended:
            self._take(wait_s)
            found = self._next_reply()
        return found

    @property
    def ended(self) -> bool:
        """Whether both outputs have ended."""
        return self._ended

    @property
    def said(self) -> bytes:
        """What was said there by others than the text: sudo, a login shell."""
        return bytes(self.noise.content + self._error_lines)

    def drain(self, deadline: Deadline) -> None:
        """Take the rest as output, to its end."""
        self.begin_output()
        while not self._ended:
            self._listen(deadline)

    def pieces(self, deadline: Deadline) -> Iterator[bytes]:
        """Yield the rest of the output, to its end, without keeping it."""
        self.begin_output()
        while True:
            if self.out.content:
                yield bytes(self.out.content)
                self.out.content.clear()
            if self._ended:
                return
            self._listen(deadline)

    def begin_output(self) -> None:
        """From here on the output is the script's."""
        if self._in_replies:
            self._in_replies = False
            self.out.add(bytes(self._lines))
            self._lines.clear()

    def _listen(self, deadline: Deadline) -> None:
        if deadline.passed:
            raise TimedOut(f"no answer within {deadline.timeout_s:g} s", where=self._where)
        self._take(min(_TICK_S, deadline.remaining_s()))

    def _take(self, wait_s: float) -> None:
        pieces = self._conversation.read(wait_s)
        if pieces is None:
            self._ended = True
            return
        if self._in_replies:
            # Whatever is not a reply line by then is no answer: only its beginning is worth keeping.
            self._lines += pieces[0][: MAX_OUTPUT_BYTES - len(self._lines)]
        else:
            self.out.add(pieces[0])
        self._take_error(pieces[1])

    def _take_error(self, piece: bytes) -> None:
        if not self._in_noise:
            self.err.add(piece)
            return
        self._error_lines += piece[: MAX_OUTPUT_BYTES - len(self._error_lines)]
        # All lines at once: a host that says nothing but line ends must not make this slow.
        *lines, rest = bytes(self._error_lines).split(b"\n")
        if GREETING in lines:
            place = lines.index(GREETING)
            self._in_noise = False
            self.err.add(b"\n".join((*lines[place + 1 :], rest)))
            lines, rest = lines[:place], b""
        self.noise.add(b"".join(line + b"\n" for line in lines))
        self._error_lines[:] = rest

    def _next_reply(self) -> Reply | None:
        *lines, rest = bytes(self._lines).split(b"\n")
        found, place = None, len(lines)
        for number, line in enumerate(lines):
            found = parse_reply(line) if GREETING in line else None
            if found is not None:
                place = number
                break
        self.noise.add(b"".join(line[:_LONGEST_LINE] + b"\n" for line in lines[:place]))
        self._lines[:] = b"\n".join((*lines[place + 1 :], rest))
        return found

"""A host that talks without end before it answers costs little memory and little time."""

import time
import tracemalloc

import pytest

from haops.connectors.detached.conversing import Listener
from haops.connectors.detached.link import Deadline
from haops.connectors.secrets import SecretKeeper
from haops.connectors.ssh.become import SudoGate
from haops.errors import ConnectFailed

PIECE_BYTES = 64 * 1024
MEGABYTE = 1 << 20


class Flood:
    """A conversation that says the same for a number of pieces, then something else, and then nothing."""

    def __init__(self, said: tuple[bytes, bytes], pieces: int, last: tuple[bytes, bytes] = (b"", b"")) -> None:
        self.left = pieces
        self._said = said
        self._last = last

    def read(self, wait_s: float) -> tuple[bytes, bytes]:
        """Return one more piece."""
        self.left -= 1
        if self.left > 0:
            return self._said
        if self.left == 0:
            return self._last
        time.sleep(wait_s)
        return b"", b""

    def send(self, content: bytes, deadline: Deadline) -> None:
        """Take nothing."""

    def end_input(self) -> None:
        """Take nothing."""

    def exit_status(self, deadline: Deadline) -> int | None:
        """Never end."""

    def close(self) -> None:
        """Nothing to close."""


FLOODS = pytest.mark.parametrize(
    "said",
    [
        pytest.param((b"x" * PIECE_BYTES, b""), id="one line"),
        pytest.param((b"", b"x" * PIECE_BYTES), id="one line of errors"),
        pytest.param((b"\n" * PIECE_BYTES, b""), id="line ends"),
        pytest.param((b"", b"\n" * PIECE_BYTES), id="line ends as errors"),
    ],
)


@FLOODS
def test_sudo_that_never_answers_is_not_remembered_whole(said: tuple[bytes, bytes]):
    """What is said before sudo lets us through is heard, not kept: 16 MB leave no trace in memory."""
    flood = Flood(said, 256)
    tracemalloc.start()
    try:
        with pytest.raises(ConnectFailed, match="in time"):
            SudoGate("ops", SecretKeeper(), where="h").pass_through(flood, Deadline(3.0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert flood.left < 0
    assert peak < MEGABYTE


@FLOODS
def test_a_reply_after_a_flood_is_still_heard(said: tuple[bytes, bytes]):
    """1 MB of anything before the reply cost no more than reading them; what follows it is the script's output."""
    lines = (b"\nhaops1 started 7\nfirst\n\nsecond", b"\nhaops1\nwarning\n")
    listener = Listener(Flood(said, 16, lines), where="h")
    found = listener.reply(Deadline(30))
    assert found is not None
    assert found.rest == ("7",)
    listener.begin_output()
    assert bytes(listener.out.content) == b"first\n\nsecond"
    assert bytes(listener.err.content) == b"warning\n"
    assert len(listener.said) <= 2 * MEGABYTE

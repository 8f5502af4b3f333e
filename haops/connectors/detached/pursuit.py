"""Following an attempt by its directory on the host: its state, and each piece of its output once.

Owns how often the host is looked at and how far the output was told. Must never change anything there.
"""

from haops.connectors.detached.conversing import Listener
from haops.connectors.detached.link import Deadline, Link
from haops.connectors.detached.reports import Account, parse_account
from haops.connectors.detached.talk import Talk
from haops.connectors.detached.texts import Text
from haops.connectors.detached.wire import MAX_OUTPUT_BYTES, check_attempt_id, encode_path
from haops.connectors.seam import AttemptReport, OutputListener
from haops.errors import ConnectFailed, Denied, RemoteFailed, TimedOut

# At one look; the rest comes with the next ones, and all of it with the end.
_PIECE_BYTES = 256 * 1024
# Looking is beside the point: the launch's own channel tells the end, so a slow look is given up early.
_LOOK_TIMEOUT_S = 2.0
_QUICK_PAUSE_S = 0.3
_SLOW_PAUSE_S = 1.0
# Most steps end within seconds and are watched closely; one that takes longer is not hurried by more looks.
_QUICK_FOR_S = 10.0
# Where sshd allows one session per connection (MaxSessions 1) every look fails: it is not asked all the time.
_LONGEST_PAUSE_S = 10.0


def probe_from(
    link: Link,
    directory: str,
    attempt_id: str,
    offsets: tuple[int, int],
    deadline: Deadline,
    *,
    limit: int = MAX_OUTPUT_BYTES,
) -> tuple[Account, Listener]:
    """Ask for an attempt's state and its two outputs from the offsets on, `limit` bytes of each at most."""
    head = f"{check_attempt_id(attempt_id)} {offsets[0]} {offsets[1]} {limit}\n".encode()
    with Talk(link, Text.PROBE, head + encode_path(directory) + b"\n", deadline) as talk:
        account = parse_account(talk.reply("report").rest, where=link.name)
        talk.listener.drain(deadline)
        talk.conversation.exit_status(deadline)
    return account, talk.listener


class Pursuit:
    """Follows one attempt; passes on each byte of its output once, up to the limit of each stream."""

    def __init__(self, link: Link, directory: str, attempt_id: str, on_output: OutputListener) -> None:
        self._link = link
        self._directory = directory
        self._attempt_id = attempt_id
        self._on_output = on_output
        self._told = [0, 0]
        self._age = Deadline(_QUICK_FOR_S)
        self._failed_looks = 0

    @property
    def pause_s(self) -> float:
        """How long to wait before the next look: longer for long steps, and where looking beside them fails."""
        usual_s = _SLOW_PAUSE_S if self._age.passed else _QUICK_PAUSE_S
        return float(min(_LONGEST_PAUSE_S, usual_s * 3**self._failed_looks))

    def look(self, deadline: Deadline) -> Account | None:
        """Look once and pass on new output; None if there was no way to look (the link's own waiter finds out why)."""
        room = min(_PIECE_BYTES, MAX_OUTPUT_BYTES - max(self._told))
        offsets = (self._told[0], self._told[1])
        brief = Deadline(min(_LOOK_TIMEOUT_S, deadline.remaining_s()))
        try:
            account, listener = probe_from(self._link, self._directory, self._attempt_id, offsets, brief, limit=room)
        except (ConnectFailed, Denied, RemoteFailed, TimedOut):
            # No program could be started beside it, sudo refused it, ...: that says nothing about the attempt.
            self._failed_looks = min(self._failed_looks + 1, 3)
            return None
        self._failed_looks = 0
        for stream, kept in enumerate((listener.out, listener.err)):
            self._tell(stream, bytes(kept.content))
        return account

    def final(self, deadline: Deadline) -> AttemptReport:
        """Return what is known now, with the output from its beginning; pass on what was not yet."""
        account, listener = probe_from(self._link, self._directory, self._attempt_id, (0, 0), deadline)
        report = account.report(listener)
        self.deliver(report.stdout, report.stderr)
        return report

    def deliver(self, out: bytes, err: bytes) -> None:
        """Pass on the rest of the whole outputs."""
        self._tell(0, out[self._told[0] :])
        self._tell(1, err[self._told[1] :])

    def check_script(self, account: Account, script_hash: str) -> None:
        """RemoteFailed if the id was claimed for another script."""
        if account.script_hash not in ("-", script_hash):
            raise RemoteFailed(
                f"attempt {self._attempt_id} was claimed there for another script",
                where=self._link.name,
                remedy="nothing was started; look at the journal for two attempts with one id",
            )

    def _tell(self, stream: int, piece: bytes) -> None:
        if piece:
            self._told[stream] += len(piece)
            self._on_output(piece)

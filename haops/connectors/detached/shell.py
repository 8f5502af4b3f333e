"""The Shell of the seam, over any link.

Owns the choice of the text for each request. Must never know what carries the bytes, nor hold a policy.
"""

import contextlib
from collections.abc import Callable, Mapping

from haops.connectors.detached import copying
from haops.connectors.detached.launching import Launch
from haops.connectors.detached.link import Deadline, Link
from haops.connectors.detached.pursuit import probe_from
from haops.connectors.detached.talk import Talk
from haops.connectors.detached.texts import Text
from haops.connectors.detached.wire import check_attempt_id, encode_path, encode_read
from haops.connectors.seam import AttemptReport, CommandResult, Order, OutputListener
from haops.errors import ConnectorError, TimedOut

USUAL_DIRECTORY = "-"
"""Root's attempts under /var/lib/haops, anyone else's under the own state directory."""

# The caller's own time is over already: this must not add much.
_STOP_TIMEOUT_S = 2.0
# Seconds from TERM to KILL: time enough to leave whole files behind.
_GRACE_S = 5


class ScriptShell:
    """Runs scripts over a link; the host keeps attempts in `attempts_directory`. Safe to use from many threads."""

    def __init__(self, link: Link, *, attempts_directory: str = USUAL_DIRECTORY) -> None:
        self._link = link
        self._directory = attempts_directory

    def open(self) -> None:
        """Connect now, if not connected. Raises ConnectFailed, TimedOut or Denied."""
        self._link.open()

    def run(self, script: str, *, environment: Mapping[str, str] | None = None, timeout_s: float) -> CommandResult:
        """Run a script that only reads. What does not end in time is ended on the host, as far as the link allows."""
        deadline = Deadline(timeout_s)
        with Talk(self._link, Text.READ, encode_read(script, environment or {}), deadline) as talk:
            (pid,) = talk.reply("started").rest
            try:
                talk.listener.drain(deadline)
                status = talk.conversation.exit_status(deadline)
            # Closing a channel does not end the program behind it, on any server that was tried.
            except TimedOut:
                self._stop(pid)
                raise
        return CommandResult(
            exit_status=status,
            stdout=bytes(talk.listener.out.content),
            stderr=bytes(talk.listener.err.content),
            duration_s=deadline.spent_s(),
        )

    def launch(
        self, order: Order, *, timeout_s: float, on_accepted: Callable[[], None], on_output: OutputListener
    ) -> AttemptReport:
        """Run the order detached and wait for its end; an id that was claimed before is followed, never started again.

        RemoteFailed and Denied mean that the host refused before the script was started. See the seam for the rest.
        """
        launch = Launch(self._link, self._directory, order, on_accepted=on_accepted, on_output=on_output)
        return launch.carry_out(Deadline(timeout_s))

    def probe(self, attempt_id: str, *, timeout_s: float) -> AttemptReport:
        """Say what the attempt's directory tells, with its output from the beginning. Changes nothing."""
        account, listener = probe_from(self._link, self._directory, attempt_id, (0, 0), Deadline(timeout_s))
        return account.report(listener)

    def cancel(self, attempt_id: str, *, timeout_s: float) -> None:
        """See to it that the attempt does not go on. One that never began there can never begin afterwards."""
        head = f"{check_attempt_id(attempt_id)} {_GRACE_S}\n".encode()
        content = head + encode_path(self._directory) + b"\n"
        with Talk(self._link, Text.CANCEL, content, Deadline(timeout_s)) as talk:
            talk.reply("asked", "cancelled")

    def put_file(self, local_path: str, remote_path: str, *, timeout_s: float) -> str:
        """Copy a file there (mode 0600, complete or not at all) and return its SHA-256 as hexadecimal text."""
        return copying.put(self._link, local_path, remote_path, Deadline(timeout_s))

    def get_file(self, remote_path: str, local_path: str, *, timeout_s: float) -> str:
        """Copy a file here (mode 0600, complete or not at all) and return its SHA-256 as hexadecimal text."""
        return copying.get(self._link, remote_path, local_path, Deadline(timeout_s))

    def close(self) -> None:
        """Drop the connection. What runs there goes on."""
        self._link.close()

    def _stop(self, pid: str) -> None:
        # A courtesy to the host: the caller learns of the timeout either way.
        with (
            contextlib.suppress(ConnectorError),
            Talk(self._link, Text.STOP, f"{pid}\n".encode(), Deadline(_STOP_TIMEOUT_S)) as talk,
        ):
            talk.reply("asked")

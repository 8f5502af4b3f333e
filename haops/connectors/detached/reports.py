"""What the host says about an attempt, read from the reply of probe.sh.

Owns that reading. Must never guess: a field that the host left out stays None.
"""

from dataclasses import dataclass

from haops.connectors.detached.conversing import Listener
from haops.connectors.seam import AttemptReport, RemoteState
from haops.errors import RemoteFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One reply of probe.sh; sizes are of the files on the host, in bytes."""

    state: RemoteState
    exit_status: int | None
    pid: int | None
    boot_id: str
    duration_s: float | None
    script_hash: str
    out_size_bytes: int
    err_size_bytes: int
    dropped_bytes: int

    def report(self, listener: Listener) -> AttemptReport:
        """Join it with the output that came with it, asked for from the beginning."""
        kept = len(listener.out.content) + len(listener.err.content)
        return AttemptReport(
            state=self.state,
            exit_status=self.exit_status,
            stdout=bytes(listener.out.content),
            stderr=bytes(listener.err.content),
            # The sizes were read first: what runs may have written more since.
            dropped_bytes=max(0, self.out_size_bytes + self.err_size_bytes - kept) + self.dropped_bytes,
            boot_id=self.boot_id,
            pid=self.pid,
            duration_s=self.duration_s,
        )


def parse_account(fields: tuple[str, ...], *, where: str) -> Account:
    """Read the ten fields that follow "report". Raises RemoteFailed if they cannot be read."""
    state, status, pid, boot_id, started, ended, script_hash, *sizes = fields
    try:
        out_size, err_size, dropped = (int(size) for size in sizes)
        return Account(
            state=RemoteState(state),
            exit_status=_number(status),
            pid=_number(pid),
            boot_id=boot_id,
            duration_s=duration_between(started, ended),
            script_hash=script_hash,
            out_size_bytes=out_size,
            err_size_bytes=err_size,
            dropped_bytes=dropped,
        )
    except ValueError as error:
        raise RemoteFailed(f"the probe's answer cannot be read: {error}", where=where) from error


def parse_end(fields: tuple[str, ...], *, where: str) -> tuple[int, float | None]:
    """Read the first three fields that follow "ended": exit status and duration in seconds. Raises RemoteFailed."""
    status, ended, started = fields[:3]
    try:
        return int(status), duration_between(started, ended)
    except ValueError as error:
        raise RemoteFailed(f"the exit status cannot be read: {error}", where=where) from error


def duration_between(started: str, ended: str) -> float | None:
    """Return the seconds between two readings of the host's uptime, or None if one is missing."""
    try:
        return round(float(ended) - float(started), 3)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)

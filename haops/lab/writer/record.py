"""The record of a drill's writes: one JSON line for each, on file before the next one is sent.

Owns that file and what follows from it. Must never call a write acknowledged that the cluster did not acknowledge.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Write:
    """One write: its key, whether it was acknowledged (else nobody knows), and when its outcome was known.

    `at` is wall time (ISO 8601, UTC), `monotonic_s` this machine's monotonic clock.
    """

    key: str
    acknowledged: bool
    at: str
    monotonic_s: float


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without any write, from the first that failed to the first that succeeded (None: it is still on)."""

    began_at: str
    began_monotonic_s: float
    ended_at: str | None = None
    ended_monotonic_s: float | None = None


class WriteRecord:
    """The writes of one drill. A record that exists is continued, under keys that no earlier process has used."""

    def __init__(self, path: Path) -> None:
        self.writes: list[Write] = list(_read(path)) if path.exists() else []
        self._file = path.open("a", encoding="utf-8")
        if path.stat().st_size:
            # A process that was killed may have left half a line.
            self._file.write("\n")

    def add(self, write: Write) -> None:
        """Append a write; the kernel has it when this returns, so killing this process loses nothing."""
        self.writes.append(write)
        self._file.write(json.dumps(asdict(write)) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def outages(writes: Iterable[Write]) -> list[Outage]:
    """Return every time in which no write went through, as this client saw it."""
    found: list[Outage] = []
    is_open = False
    for write in writes:
        if is_open and write.acknowledged:
            began = found.pop()
            found.append(Outage(began.began_at, began.began_monotonic_s, write.at, write.monotonic_s))
            is_open = False
        elif not is_open and not write.acknowledged:
            found.append(Outage(write.at, write.monotonic_s))
            is_open = True
    return found


def _read(path: Path) -> Iterator[Write]:
    """Yield the writes on file; a line that was cut by a kill is none."""
    for line in path.read_text("utf-8").splitlines():
        try:
            yield Write(**json.loads(line))
        except (ValueError, TypeError):
            continue

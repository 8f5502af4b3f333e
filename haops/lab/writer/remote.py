"""The drill's side of the writer: starts its process, asks it, ends it.

Owns that process. The writing has one of its own because grpc and `fork` do not mix, and because a drill that is killed
must not take the record of what was acknowledged with it.
"""

import json
import select
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from haops.errors import LabError
from haops.lab.writer.record import Outage
from haops.runtime import own_program

# An outage is known to 40 ms, and etcd on a slow disk still keeps up.
DEFAULT_RATE_PER_S = 25.0
_ASK_TIMEOUT_S = 20.0
_LOOK_EVERY_S = 0.05
_LAST_WORDS = 800


@dataclass(frozen=True, slots=True)
class WriterStatus:
    """How the writing stands. A write of which nobody knows whether it happened is in `unknown`, never acknowledged."""

    acknowledged: int
    unknown: int
    outages: tuple[Outage, ...]

    @property
    def outage_s(self) -> float | None:
        """Seconds from the first write that failed to the first that succeeded after the last outage; None if none."""
        ended_s = self.outages[-1].ended_monotonic_s if self.outages else None
        return None if ended_s is None else ended_s - self.outages[0].began_monotonic_s


@dataclass(frozen=True, slots=True)
class WriterVerdict(WriterStatus):
    """What became of the writes: `lost` are the keys that were acknowledged and are not there."""

    lost: tuple[str, ...] = ()


class Writer:
    """A running writer."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self._log = log

    @classmethod
    def start(cls, inventory: Path, record: Path, *, rate_per_s: float = DEFAULT_RATE_PER_S) -> Self:
        """Start writing to the cluster of that inventory. `record` is the file of writes; an existing one is continued.

        The process is the caller's: it ends with `stop`, or when the caller is gone.
        """
        log = record.with_name(f"{record.name}.log")
        with log.open("ab") as errors:
            process = subprocess.Popen(
                own_program.command("haops.lab.writer", str(inventory), str(record), str(rate_per_s)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=own_program.environment(),
                # Ctrl-C is for the drill, which still wants to count.
                start_new_session=True,
            )
        return cls(process, log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def status(self) -> WriterStatus:
        """Ask how the writing stands. Raises LabError."""
        return WriterStatus(**_fields(self._ask({"ask": "status"}, _ASK_TIMEOUT_S)))

    def await_acknowledged(self, count: int, *, within_s: float = 60.0) -> WriterStatus:
        """Return once that many more writes were acknowledged. Raises LabError if they are not within that time."""
        wanted = self.status().acknowledged + count
        deadline = time.monotonic() + within_s
        while (status := self.status()).acknowledged < wanted:
            if time.monotonic() > deadline:
                missing = wanted - status.acknowledged
                raise LabError(f"{missing} of {count} writes were not acknowledged within {within_s:.0f} s")
            time.sleep(_LOOK_EVERY_S)
        return status

    def check(self, *, within_s: float = 120.0) -> WriterVerdict:
        """Stop writing, read everything back, and say what was lost. Raises LabError if it cannot be read."""
        reply = self._ask({"ask": "check", "within_s": within_s}, within_s + _ASK_TIMEOUT_S)
        if "error" in reply:
            raise LabError(f"the writes could not be read back: {reply['error']}")
        return WriterVerdict(**_fields(reply), lost=tuple(reply["lost"]))

    def stop(self) -> None:
        """End the process; its record stays."""
        # The end of its input is how it learns that it is over; a writer whose drill was killed ends the same way.
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                # Closing writes what the buffer still holds, to a process that may be gone.
                with suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._process.wait(_ASK_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send one request and return its reply. Raises LabError with the process's last words if it is gone."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin  # noqa: S101 - narrowed for the type checker; both were opened as pipes
        assert stdout  # noqa: S101 - as above
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise self._gone() from error
        # A reply is one line, written at once: when it begins to come it is all there.
        if not select.select([stdout], [], [], timeout_s)[0]:
            raise LabError(f"the writer did not answer within {timeout_s:.0f} s")
        line = stdout.readline()
        if not line:
            raise self._gone()
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _gone(self) -> LabError:
        """Return the error for a writer whose process has ended."""
        said = self._log.read_text("utf-8", "replace").strip()[-_LAST_WORDS:]
        return LabError(f"the writer has ended: {said or 'no message'}", where=str(self._log))


def _fields(reply: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a WriterStatus."""
    outages = tuple(Outage(**outage) for outage in reply["outages"])
    return {"acknowledged": reply["acknowledged"], "unknown": reply["unknown"], "outages": outages}

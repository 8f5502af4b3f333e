"""Durable journal events per second against a bare append + fdatasync of lines of the same length.

    cd DIRECTORY; python tests/bench/journal_events.py [--rounds N]

The directory should lie on the disk that journals lie on; a tmpfs measures nothing. The sides take turns in short
batches, so that what else the machine does hits all. The ratio is the median of each round's (goal: >= 0.80).
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import places  # noqa: F401 - sets the path
from measuring import Figure, in_turns, show

from haops.runtime.clock import SystemClock
from haops.runtime.journal_file import JournalWriter

ROUNDS = 61
BATCH = 50
GROUPED = 500
RAW, BARRIER, GROUP = "append + fdatasync", "journal, barrier records", "journal, grouped records"
BODY = {"step": "stop-etcd", "target": "cp1", "attempt": "a" * 32, "plan_digest": "b" * 64}


def figures(rounds: int = ROUNDS) -> list[Figure]:
    """Measure in the directory that this is run in."""
    with tempfile.TemporaryDirectory(dir=".") as place:
        writer = JournalWriter.create(Path(place) / "bench", "bench", SystemClock())
        line = b"x" * (_append(writer) - 1) + b"\n"
        raw = os.open(Path(place) / "raw", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        sides = {
            RAW: lambda: _per_s(lambda: _raw(raw, line)),
            BARRIER: lambda: _per_s(lambda: _journal(writer, BATCH, barrier=True)),
            GROUP: lambda: _per_s(lambda: _journal(writer, GROUPED, barrier=False)),
        }
        rates = in_turns(sides, rounds)
        os.close(raw)
        writer.close()
    return [_figure(name, rates) for name in (BARRIER, GROUP)]


def _append(writer: JournalWriter) -> int:
    """Write one record and return the length of its line in bytes."""
    writer.append("attempt.intended", BODY, actor="operator", attempt="a" * 32, barrier=True)
    return (writer.path / "000001.hj").stat().st_size


def _raw(descriptor: int, line: bytes) -> int:
    """Append and sync a batch of lines; return how many."""
    for _ in range(BATCH):
        os.write(descriptor, line)
        os.fdatasync(descriptor)
    return BATCH


def _journal(writer: JournalWriter, count: int, *, barrier: bool) -> int:
    """Append a batch of records; return how many."""
    for _ in range(count):
        writer.append("attempt.intended", BODY, actor="operator", attempt="a" * 32, barrier=barrier)
    return count


def _per_s(batch: Callable[[], int]) -> float:
    """Return how many records a second a batch wrote."""
    began_s = time.perf_counter()
    count = batch()
    return count / (time.perf_counter() - began_s)


def _figure(name: str, rates: dict[str, list[float]]) -> Figure:
    """Return one side's figure, beside the bare append."""
    value, floor = statistics.median(rates[name]), statistics.median(rates[RAW])
    ratio = statistics.median(rate / raw for rate, raw in zip(rates[name], rates[RAW], strict=True))
    return Figure(name=name, value=value, unit="/s", floor=(RAW, floor), of_rounds=ratio, goal=0.8, at_least=True)


if __name__ == "__main__":
    show(figures, ROUNDS, __doc__)

"""Durable journal events per second against a bare append + fdatasync of lines of the same length.

    python tests/bench/journal_events.py [DIRECTORY]

The directory should lie on the disk that journals lie on (default: here); a tmpfs measures nothing. Both sides take
turns in short batches, so that what else the machine does hits both. Prints medians, and the median of each round's
ratio (goal: >= 0.80).
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from haops.runtime.clock import SystemClock
from haops.runtime.journal_file import JournalWriter

ROUNDS = 61
BATCH = 50
GROUPED = 500
BODY = {"step": "stop-etcd", "target": "cp1", "attempt": "a" * 32, "plan_digest": "b" * 64}


def main() -> None:
    """Measure and print."""
    base = sys.argv[1] if len(sys.argv) > 1 else "."
    with tempfile.TemporaryDirectory(dir=base) as place:
        writer = JournalWriter.create(Path(place) / "bench", "bench", SystemClock())
        line = b"x" * (_append(writer) - 1) + b"\n"
        raw = os.open(Path(place) / "raw", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        sides = {
            "raw append + fdatasync": lambda: _raw(raw, line),
            "journal, barrier records": lambda: _journal(writer, BATCH, barrier=True),
            "journal, grouped records": lambda: _journal(writer, GROUPED, barrier=False),
        }
        _report(_measure(sides))
        os.close(raw)
        writer.close()


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


def _measure(sides: dict[str, Callable[[], int]]) -> dict[str, list[float]]:
    """Return the rates per second of each side, over rounds in which all sides take turns."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, run in sides.items():
            begun = time.perf_counter()
            count = run()
            rates[name].append(count / (time.perf_counter() - begun))
    return rates


def _report(rates: dict[str, list[float]]) -> None:
    """Print medians of the rates and of the ratios."""
    floor = next(iter(rates.values()))
    for name, values in rates.items():
        ratio = statistics.median(value / raw for value, raw in zip(values, floor, strict=True))
        low, _, high = statistics.quantiles(values, n=4)
        print(f"{name:28} {statistics.median(values):9.0f}/s  (quartiles {low:.0f}, {high:.0f})  ratio {ratio:.2f}")


if __name__ == "__main__":
    main()

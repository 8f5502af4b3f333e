"""All benchmarks, one after the other, as one table for the README; under twelve minutes on two cores.

    python tests/bench/run_all.py [--quick] [NAME...]

`--quick` measures every side once or twice: for trying, not for figures. What cannot run here is left out and named.
"""

import argparse
import importlib
import time
from collections.abc import Mapping, Sequence

from measuring import HEADING, machine

BENCHMARKS: Mapping[str, tuple[int, int]] = {
    "first_frame": (9, 2),
    "detection": (7, 1),
    "ssh_steps": (41, 3),
    "journal_events": (61, 3),
    "memory": (1, 1),
    "quorum_restore": (5, 1),
}
"""Benchmark -> rounds, and rounds when it has to be quick."""


def main() -> None:
    """Run those that were asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="try them out")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    run(asked.names or list(BENCHMARKS), quick=asked.quick)


def run(names: Sequence[str], *, quick: bool) -> None:
    """Run benchmarks and print their figures, and how long each took."""
    print(f"{time.strftime('%Y-%m-%d', time.gmtime())}, {machine()}\n\n{HEADING}", flush=True)
    notes = []
    for name in names:
        began_s = time.monotonic()
        try:
            for figure in importlib.import_module(name).figures(BENCHMARKS[name][quick]):
                print(figure.line(), flush=True)
        except SystemExit as missing:
            notes.append(f"{name} was left out: {missing}")
        notes.append(f"{name} took {time.monotonic() - began_s:.0f} s")
    print("\n" + "\n".join(notes))


if __name__ == "__main__":
    main()

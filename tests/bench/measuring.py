"""What every benchmark here shares: sides that take turns, medians, and how a figure is shown.

Owns the words of the table. Must never judge: a goal that is not met is printed, not raised.
"""

import argparse
import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured thing. `floor`: what it is compared with, and its value in the same unit, from this run.

    `goal` is about the ratio where there is a floor, else about the value; `at_least` turns it round. `of_rounds`: the
    median of each round's own ratio, for sides so short that a round's two were hit by the same.
    """

    name: str
    value: float
    unit: str
    floor: tuple[str, float] | None = None
    of_rounds: float | None = None
    goal: float | None = None
    at_least: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times the floor; None without one."""
        if self.of_rounds is not None:
            return self.of_rounds
        return self.value / self.floor[1] if self.floor else None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        judged = self.value if self.ratio is None else self.ratio
        return judged >= self.goal if self.at_least else judged <= self.goal

    def line(self) -> str:
        """Return it as a row of the table in the README."""
        beside = f"{self.floor[0]} {_number(self.floor[1])}" if self.floor else ""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        sign = "≥" if self.at_least else "≤"
        goal = "" if self.goal is None else f"{sign} {self.goal:g}{'' if self.ratio is None else ' x'}"
        met = {None: "", True: "yes", False: "**no**"}[self.is_met]
        return f"| {self.name} | {_number(self.value)} {self.unit} | {beside} | {ratio} | {goal} | {met} |"


HEADING = "| what | measured | against | ratio | goal | met |\n|---|---|---|---|---|---|"


def _number(value: float) -> str:
    """Return a number as short as it still says something."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def in_turns(sides: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Let the sides take turns, so that what else the machine does hits all; return what each returned."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            taken[name].append(side())
    return taken


def medians(taken: Mapping[str, Iterable[float]]) -> dict[str, float]:
    """Return the median of each side."""
    return {name: statistics.median(values) for name, values in taken.items()}


def machine() -> str:
    """Return the size of this machine, and how busy it is, in one line."""
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {memory_kb / 1e6:.0f} GB, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, load {load:.1f} at the start"
    )


def show(figures: Callable[[int], Iterable[Figure]], rounds: int, about: str | None) -> None:
    """Measure and print, with the number of rounds from the command line."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help="times that each side is measured (%(default)s)")
    asked = parser.parse_args()
    print(machine())
    print(HEADING)
    for figure in figures(asked.rounds):
        print(figure.line(), flush=True)

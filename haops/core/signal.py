"""A signal: a named judgement on facts, with a severity and a sentence. `haops.signals` has each one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad a signal is."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTICE = "notice"


_ORDER = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.NOTICE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A judgement that is true now. `sentence` has the numbers; `still_works` says what is left, if anything is."""

    name: str
    severity: Severity
    sentence: str
    still_works: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRule:
    """How a signal is judged: `judge` gets the facts that are known and returns the signal, or None.

    `reads` are the facts it looks at, `threshold_source` says where its limit comes from. `rank` orders signals of one
    severity: the lower, the nearer to the cause.
    """

    name: str
    title: str
    reads: tuple[str, ...]
    judge: Callable[[Mapping[str, Any]], Signal | None]
    threshold_source: str
    rank: int = 50


def judge_all(rules: Iterable[SignalRule], facts: Mapping[str, Any]) -> tuple[Signal, ...]:
    """Return the signals that are true now, worst first, nearest to the cause first."""
    ranked = sorted(rules, key=lambda rule: rule.rank)
    raised = [signal for rule in ranked if (signal := rule.judge(facts)) is not None]
    # sorted is stable: within a severity the order by rank stays.
    return tuple(sorted(raised, key=lambda signal: _ORDER[signal.severity]))

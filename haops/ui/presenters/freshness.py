"""How old what is shown is, where it came from, and whether it can still be trusted."""

from collections.abc import Iterable
from dataclasses import dataclass

from haops.core.observations import Kind, Sight
from haops.core.view import View
from haops.ui.presenters.lines import Line, Role, Span, dim, line
from haops.ui.presenters.numbers import short_age, span_of

# Two, because one look may be late without anything being wrong.
STALE_AFTER = 2
"""A pane is stale when its data is older than this many of its intervals."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """`age_s` is the age of the oldest newest look (None: nothing was seen yet)."""

    age_s: float | None
    is_stale: bool

    @property
    def note(self) -> Line:
        """The age in words: `1 s`, `stale 14 s`, `no answer yet`."""
        if self.age_s is None:
            return line(Span("no answer yet", Role.UNKNOWN))
        age = span_of(int(self.age_s))
        return line(Span(f"stale {age}", Role.STALE) if self.is_stale else dim(age))


def freshness(view: View, kinds: Iterable[Kind]) -> Freshness:
    """Return how fresh the least fresh of these kinds is; subjects that do not answer count as looked at."""
    ages: list[float] = []
    is_stale = False
    for kind in kinds:
        age = age_of_kind(view, kind)
        if age is None:
            continue
        interval_s = view.intervals_s.get(kind, 0.0)
        # An interval of 0: looked at only when asked, so no look is overdue.
        is_stale = is_stale or bool(interval_s and age > STALE_AFTER * interval_s)
        ages.append(age)
    return Freshness(max(ages, default=None), is_stale)


def age_of_kind(view: View, kind: Kind) -> float | None:
    """Return the seconds since the subject that was looked at longest ago was looked at."""
    return max((age_of(view, sight) for _, sight in view.picture.of(kind)), default=None)


def age_of(view: View, sight: Sight) -> float:
    """Return the seconds since the newest look at one thing."""
    return max(view.monotonic_s - sight.newest.monotonic_s, 0.0)


def last_good_age(view: View, sight: Sight) -> str:
    """Return how long ago a thing that is silent now last answered: `12 s ago`; empty if it never did."""
    if sight.last_good is None:
        return ""
    return short_age(view.monotonic_s - sight.last_good.monotonic_s)


def sources(view: View, kinds: Iterable[Kind]) -> tuple[str, ...]:
    """Return where the newest looks came from, each source once."""
    found = (sight.newest.source for kind in kinds for _, sight in view.picture.of(kind))
    return tuple(dict.fromkeys(source for source in found if source))

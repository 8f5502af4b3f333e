"""The step graph: who needs whom, in which order, and what is wrong with it.

Owns questions about edges only. Must never look at a step's state (`core.session` does).
"""

from collections.abc import Iterable, Mapping

from haops.core.runbook import Step

Needs = Mapping[str, tuple[str, ...]]


def needs_of(steps: Iterable[Step]) -> dict[str, tuple[str, ...]]:
    """Return step id -> ids that it needs, in runbook order."""
    return {step.id: step.needs for step in steps}


def dependents(needs: Needs, step_id: str) -> tuple[str, ...]:
    """Return every step that needs this one, directly or not, in runbook order."""
    reached = {step_id}
    # As many rounds as there are steps: the longest chain is walked by then.
    for _ in needs:
        reached |= {later for later, earlier in needs.items() if reached.intersection(earlier)}
    return tuple(later for later in needs if later in reached and later != step_id)


def find_cycle(needs: Needs) -> tuple[str, ...]:
    """Return the ids of one cycle (first repeated at the end), or an empty tuple."""
    finished: set[str] = set()
    for start in needs:
        cycle = _cycle_from(start, needs, finished, ())
        if cycle:
            return cycle
    return ()


def _cycle_from(step_id: str, needs: Needs, finished: set[str], path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the cycle that a walk along needs from here runs into, or an empty tuple."""
    if step_id in path:
        return (*path[path.index(step_id) :], step_id)
    if step_id in finished or step_id not in needs:
        return ()
    for earlier in needs[step_id]:
        cycle = _cycle_from(earlier, needs, finished, (*path, step_id))
        if cycle:
            return cycle
    # Walked without meeting a cycle: no other walk needs to go through here again.
    finished.add(step_id)
    return ()

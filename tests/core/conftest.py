"""Runbooks and sessions made by hand, for tests of the core."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from haops.core import events as ev
from haops.core.conditions import parse_condition
from haops.core.risk import Risk
from haops.core.runbook import Option, Runbook, Step, Verification
from haops.core.session import Entry, apply
from haops.core.session_state import Session

OPENED = ev.SessionOpened(
    cluster="prod-eu",
    mode="incident",
    operator="ada",
    haops_version="0",
    inventory_source="prod.yaml",
    inventory_digest="d",
    inventory="",
)


def step(step_id: str, *needs: str, **fields: Any) -> Step:
    """Return a step of kind ssh that needs others."""
    return Step(**{"id": step_id, "title": step_id, "kind": "ssh", "action": "true", "needs": needs, **fields})


def runbook(*steps: Step) -> Runbook:
    """Return a runbook of these steps."""
    return Runbook(name="test", title="test", summary="", steps=steps)


def diamond() -> Runbook:
    """Return a runbook with a decision, two steps side by side after it, and one that needs both."""
    options = (Option(value="a", title="A"), Option(value="b", title="B"))
    return runbook(
        step("way", kind="choose", action=options),
        step("left", "way", risk=Risk.CHANGE, rollback="undo"),
        step("right", "way", risk=Risk.DESTROY, verify=Verification(that=parse_condition("x == 1"))),
        step("join", "left", "right"),
        step("undo", "join"),
    )


class Story:
    """A session told event by event."""

    def __init__(self, book: Runbook) -> None:
        self.book = book
        self.session = Session(id="s")
        self.entries: list[Entry] = []
        self.tell(OPENED, ev.RunbookChosen(name=book.name, source="", digest="", text=""))

    def tell(self, *events: ev.Event) -> Session:
        """Apply events in order."""
        for event in events:
            entry = Entry(seq=len(self.entries), wall=f"t{len(self.entries)}", event=event)
            self.session = apply(self.session, entry, lambda _: self.book)
            self.entries.append(entry)
        return self.session

    def confirm(self, step_id: str, targets: Sequence[str] = ("cp1",)) -> list[str]:
        """Offer, confirm and intend a step; return its attempt ids."""
        plan = {target: {"script": "true", "environment": {}} for target in targets}
        confirmed = ev.StepConfirmed(step=step_id, plan_digest="p", plan=plan, operator="ada", how="y")
        self.tell(ev.StepOffered(step=step_id), confirmed)
        ids = [f"{step_id}-{target}-{len(self.entries)}" for target in targets]
        for target, attempt in zip(targets, ids, strict=True):
            self.tell(ev.AttemptIntended(step=step_id, target=target, attempt=attempt, plan_digest="p"))
        return ids

    def end(self, step_id: str, attempt: str, outcome: str, target: str = "cp1", **fields: Any) -> Session:
        """Dispatch and end an attempt."""
        place = {"step": step_id, "target": target, "attempt": attempt}
        self.tell(ev.AttemptDispatched(**place))
        return self.tell(ev.AttemptEnded(**place, outcome=outcome, evidence="e", **fields))

    def succeed(self, step_id: str) -> Session:
        """Run a step on one target with success."""
        (attempt,) = self.confirm(step_id)
        return self.end(step_id, attempt, "succeeded")

    def choose(self, value: str = "a") -> Session:
        """Decide."""
        chosen = ev.OptionChosen(step="way", value=value, operator="ada", offered={})
        return self.tell(ev.StepOffered(step="way"), chosen)


@pytest.fixture
def story() -> Callable[..., Story]:
    """Return a maker of stories; without a runbook, the diamond."""
    return lambda *steps: Story(runbook(*steps) if steps else diamond())

"""What a runbook would do on a cluster, found out without touching it.

Owns the preview of a whole runbook: every host that a step may run on, its script, its environment as far as it is
known. It is for reading; what is confirmed later is `core.planning`'s plan of one step with everything known. Must
never open a connection.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from haops.core.conditions import Expression
from haops.core.facts import derive, derive_host
from haops.core.inventory import Inventory
from haops.core.observations import Picture
from haops.core.planning import Knowledge, TargetPlan, plan_step
from haops.core.runbook import Runbook, Selector, Spread, Step
from haops.core.standard_environment import STANDARD_ENVIRONMENT
from haops.steps import preview

LATER = "<known when it runs>"
_LOOKED_AT = "until the cluster is looked at"
_PLACE = re.compile(r"\{(?P<name>\w+)[^{}]*\}")
_ENGINE_KNOWS = ("HAOPS_ATTEMPT", "HAOPS_SESSION")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPreview:
    """What would run on one host, or on the bastion. Values that nobody can know yet say when they will be."""

    target: str
    script: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPreview:
    """One step on this cluster. `choice` says in words how the hosts are narrowed down when it runs.

    `losses`: for each answer of a decision what is lost that way, as far as it is known.
    """

    step: Step
    targets: tuple[TargetPreview, ...]
    choice: str = ""
    losses: Mapping[str, str] = field(default_factory=dict)


def preview_runbook(
    runbook: Runbook, inventory: Inventory, inputs: Mapping[str, Any] | None = None
) -> Iterator[StepPreview]:
    """Yield what every step would do, in the order of the runbook. `inputs` are values as conditions read them."""
    picture = Picture()
    shared = {**derive(picture, inventory), **(inputs or {})}
    known = Knowledge(shared=shared, of_host=lambda host: derive_host(picture, inventory, host))
    origins = dict(_origins(runbook))
    for step in runbook.steps:
        widest = replace(step, on=_widest(step.on) if step.on else None)
        plan = plan_step(widest, inventory, known, preview)
        variables = {**step.environment, **preview(step, inventory)[1]}
        targets = tuple(
            _target(target, variables, origins)
            for target in plan.targets
            if not _is_excluded(step.on, known.on(target.target))
        )
        losses = {now.option.value: _with_reasons(now.loses, origins) for now in plan.options}
        yield StepPreview(step=step, targets=targets, choice=_choice(step.on) if step.on else "", losses=losses)


def _target(plan: TargetPlan, variables: Mapping[str, Expression], origins: Mapping[str, str]) -> TargetPreview:
    environment = _complete(plan.environment, variables, origins)
    return TargetPreview(target=plan.target, script=plan.script, environment=environment)


def _is_excluded(selector: Selector | None, facts: Mapping[str, Any]) -> bool:
    """Return whether a host is surely not meant: its condition is false by what the inventory says alone."""
    return selector is not None and selector.where is not None and selector.where.holds(facts) is False


def _widest(selector: Selector) -> Selector:
    """Return the selector without what only a look at the cluster can tell."""
    return replace(selector, where=None, one=None, spread=Spread.PARALLEL)


def _choice(selector: Selector) -> str:
    """Return how the hosts are narrowed down, and how they are gone through."""
    ways = {
        Spread.PARALLEL: "all at once",
        Spread.SERIAL: "one after the other",
        Spread.BATCH: f"{selector.batch_size} at a time",
        Spread.ONE: f"one of them: {selector.one.text if selector.one else 'the first'}",
    }
    where = f"those where {selector.where.text}; " if selector.where else ""
    return where + ways[selector.spread]


def _origins(runbook: Runbook) -> Iterator[tuple[str, str]]:
    """Yield each name that a step makes known with the step's id, and each input with how it becomes known."""
    for step in runbook.steps:
        yield step.id, f"until step {step.id}"
        yield from ((capture.name, f"until step {step.id}") for capture in step.captures)
    yield from ((wanted.name, f"until the input {wanted.name} is given") for wanted in runbook.inputs)


def _complete(
    known: Mapping[str, str], variables: Mapping[str, Expression], origins: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment with every variable in it, those not known yet with the reason."""
    later = {name: _unknown(variables[name], origins) for name in variables if name not in known}
    engine = dict.fromkeys(_ENGINE_KNOWS, LATER)
    ordered = {**known, **engine, **later}
    return {name: ordered[name] for name in sorted(ordered, key=lambda name: (name in STANDARD_ENVIRONMENT, name))}


def _unknown(expression: Expression, origins: Mapping[str, str]) -> str:
    """Return why a value is not known: the first thing that it waits for."""
    waits = [origins[name] for name in expression.names if name in origins]
    return f"<unknown {waits[0] if waits else _LOOKED_AT}>"


def _with_reasons(text: str, origins: Mapping[str, str]) -> str:
    """Return the text with the reason in each place that could not be filled in."""
    return _PLACE.sub(lambda place: f"<unknown {origins.get(place['name'], _LOOKED_AT)}>", text)

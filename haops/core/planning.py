"""From a step and what is known to the exact thing that would run: hosts, scripts, environment, guards.

Owns the plan and its digest: what was confirmed is what runs, or it is asked again. Must never run anything.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from haops.core.conditions import ConditionError, Expression, Unknown
from haops.core.inventory import BASTION, Host, Inventory
from haops.core.risk import Risk
from haops.core.runbook import Guard, Option, Selector, Spread, Step
from haops.core.standard_environment import standard_environment

Preview = Callable[[Step, Inventory], tuple[str, Mapping[str, Expression]]]
"""Gives the fixed text of a step for a cluster's layout, and the variables that its kind adds: the kind knows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All that conditions may read: facts and values that hold for the whole, and per host."""

    shared: Mapping[str, Any]
    of_host: Callable[[str], Mapping[str, Any]]

    def on(self, target: str) -> Mapping[str, Any]:
        """Return what is known where a target is concerned."""
        return self.shared if target == BASTION else {**self.shared, **self.of_host(target)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlan:
    """What would run on one target. `missing` names variables whose values are not known yet."""

    target: str
    script: str
    environment: Mapping[str, str]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardNow:
    """A guard on a target with its live answer: True, False, or None when a fact is not known."""

    guard: Guard
    target: str
    holds: bool | None
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionNow:
    """One answer of a decision with its live condition, and its loss in words."""

    option: Option
    is_open: bool | None
    values: str
    loses: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """Exactly what would happen. `problem` says why the step cannot run as things are (empty: it can)."""

    step: Step
    targets: tuple[TargetPlan, ...]
    guards: tuple[GuardNow, ...] = ()
    options: tuple[OptionNow, ...] = ()
    problem: str = ""
    digest: str = ""
    kept: tuple[str, ...] = field(default=())

    def as_record(self) -> dict[str, dict[str, Any]]:
        """Return target -> script and environment, for the journal."""
        return {t.target: {"script": t.script, "environment": dict(t.environment)} for t in self.targets}


def plan_step(
    step: Step,
    inventory: Inventory,
    knowledge: Knowledge,
    preview: Preview,
    *,
    session_id: str = "",
    kept: frozenset[str] = frozenset(),
) -> StepPlan:
    """Return the plan of a step. `kept` are targets that succeeded in an earlier round and need no more."""
    targets, problem = _select(step, inventory, knowledge)
    wanted = [target for target in targets if target not in kept]
    script, added = preview(step, inventory)
    # The kind's own come last: a step's `env` cannot change what its preview names.
    variables = {**step.environment, **added}
    ours = {"HAOPS_SESSION": session_id, "HAOPS_STEP": step.id}
    plans = tuple(
        _plan_target(target, script, {**ours, **standard_environment(inventory, target)}, variables, knowledge)
        for target in wanted
    )
    missing = sorted({name for plan in plans for name in plan.missing})
    if missing and not problem:
        problem = f"not known yet: {', '.join(missing)}"
    return StepPlan(
        step=step,
        targets=plans,
        guards=tuple(_look(guard, target, knowledge) for guard in step.guards for target in _guarded(guard, wanted)),
        options=_options(step, knowledge),
        problem=problem,
        digest=_digest(step, plans),
        kept=tuple(target for target in targets if target in kept),
    )


def _select(step: Step, inventory: Inventory, knowledge: Knowledge) -> tuple[list[str], str]:
    """Return the names of the targets and, if there is none, why."""
    if step.on is None:
        return [BASTION], ""
    matching = [host.name for host in inventory.hosts if _matches(step.on, host, knowledge)]
    if step.on.spread is Spread.ONE and matching:
        return _one(step.on, matching, knowledge)
    return matching, "" if matching else "no host matches"


def _one(selector: Selector, matching: list[str], knowledge: Knowledge) -> tuple[list[str], str]:
    """Return the one host that the selector asks for."""
    if selector.one is None:
        return matching[:1], ""
    try:
        name = selector.one.evaluate(knowledge.shared)
    except (Unknown, ConditionError) as error:
        return [], f"which host is not known yet: {selector.one.text} ({error})"
    return ([name], "") if name in matching else ([], f"{selector.one.text} is {name}, which is not among {matching}")


def _matches(selector: Selector, host: Host, knowledge: Knowledge) -> bool:
    """Return whether a host has what the selector asks for; an unknown condition does not match."""
    if selector.names and host.name not in selector.names:
        return False
    if selector.roles and not set(selector.roles) & set(host.roles):
        return False
    if selector.zones and host.zone not in selector.zones:
        return False
    # bool(None) is false: a host of which too little is known is not touched.
    return selector.where is None or bool(selector.where.holds(knowledge.on(host.name)))


def _plan_target(
    target: str,
    script: str,
    standard: Mapping[str, str],
    variables: Mapping[str, Expression],
    knowledge: Knowledge,
) -> TargetPlan:
    """Return what would run on one target."""
    values = {name: _text_of(expression, knowledge.on(target)) for name, expression in variables.items()}
    known = {name: value for name, value in values.items() if value is not None}
    missing = tuple(f"{name} ({variables[name].text})" for name in values if name not in known)
    # A step's own variables win over the standard ones, and are seen before it is confirmed.
    return TargetPlan(target=target, script=script, environment={**standard, **known}, missing=missing)


def _text_of(expression: Expression, facts: Mapping[str, Any]) -> str | None:
    """Return a value as the text that reaches a script, or None if it is not known."""
    try:
        value = expression.evaluate(facts)
    except (Unknown, ConditionError):
        return None
    match value:
        # As text it would reach a script as the word None.
        case None:
            return None
        # As the shell's own words, not as Python's.
        case bool():
            return "true" if value else "false"
        case tuple() | list():
            return "\n".join(str(part) for part in value)
    return str(value)


def _guarded(guard: Guard, targets: list[str]) -> list[str]:
    """Return where a guard is looked at: on every target if it reads a host's facts, else once."""
    # Without a host's fact the answer is the same everywhere: asked once, shown once.
    return targets if any(name.startswith("host.") for name in guard.that.names) else [BASTION]


def _look(guard: Guard, target: str, knowledge: Knowledge) -> GuardNow:
    """Return a guard with its live answer."""
    facts = knowledge.on(target)
    return GuardNow(guard=guard, target=target, holds=guard.that.holds(facts), values=guard.that.explain(facts))


def _options(step: Step, knowledge: Knowledge) -> tuple[OptionNow, ...]:
    """Return the answers of a decision with what is open now; other steps have none."""
    offered = step.action if isinstance(step.action, tuple) else ()
    return tuple(_option(option, knowledge.shared) for option in offered if isinstance(option, Option))


def _option(option: Option, facts: Mapping[str, Any]) -> OptionNow:
    """Return one answer with its live condition."""
    is_open = True if option.when is None else option.when.holds(facts)
    values = option.when.explain(facts) if option.when else ""
    return OptionNow(option=option, is_open=is_open, values=values, loses=fill_in(option.loses, facts))


def fill_in(text: str, facts: Mapping[str, Any]) -> str:
    """Return text with `{name}` replaced by what is known, for people to read; never for anything that runs."""
    for name, value in facts.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def _digest(step: Step, plans: tuple[TargetPlan, ...]) -> str:
    """Return the SHA-256 over everything that a confirmation stands for (not over live answers of guards)."""
    parts = {
        "step": step.id,
        "kind": step.kind,
        "risk": step.risk,
        # Whole numbers: two spellings of one float must not make two plans.
        "timeout_ms": int(step.timeout_s * 1000),
        # Their answers change by themselves; they are asked again right before the step runs.
        "guards": [guard.that.text for guard in step.guards],
        "verify": step.verify.that.text if step.verify else "",
        "targets": [[plan.target, plan.script, dict(plan.environment)] for plan in plans],
    }
    # Sorted and in ASCII: the same plan is the same bytes in every process.
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def needed_answer(risk: Risk) -> tuple[str, ...]:
    """Return the answers that are weighty enough for a risk."""
    return {
        Risk.READ: ("enter", "y", "typed", "auto"),
        Risk.CHANGE: ("y", "typed", "auto"),
        Risk.DESTROY: ("typed", "auto"),
    }[risk]

"""What would run, in words and exactly: targets, script, environment, guards with live answers, what comes after."""

from haops.core.inventory import BASTION
from haops.core.planning import GuardNow, StepPlan, TargetPlan
from haops.core.risk import Risk
from haops.core.runbook import Effect, Selector, Spread, Step
from haops.core.standard_environment import STANDARD_ENVIRONMENT
from haops.ui.presenters.lines import Line, Role, Span, chop, crop, dim, line, paragraph, wrap
from haops.ui.presenters.marks import HOLDS
from haops.ui.presenters.numbers import span_of

AFTER_A_LOST_CONNECTION = {
    Effect.READ: "If the connection is lost: it only reads, and may run again by itself.",
    Effect.IDEMPOTENT: "If the connection is lost: it is picked up again; to do it twice is the same as once.",
    Effect.VERIFIED: "If the connection is lost: it becomes UNKNOWN until its probe tells whether it happened.",
    Effect.UNPROTECTED: "If the connection is lost: it becomes UNKNOWN until its run directory, or you, say more.",
}
_GUTTER = "│ "
_GOES_ON = "↳ "


def summary(step: Step, plan: StepPlan | None, targets: tuple[str, ...] = ()) -> Line:
    """Return risk, targets, estimate and way back on one line; `targets` are those of a step that has run."""
    estimate = f" · about {span_of(step.estimate_s)}" if step.estimate_s is not None else ""
    role = {Risk.READ: Role.READ, Risk.CHANGE: Role.CHANGE, Risk.DESTROY: Role.DESTROY}[step.risk]
    return line(Span(step.risk.value, role), f" · {where(step, plan, targets)}{estimate}", f" · {way_back(step)}")


def where(step: Step, plan: StepPlan | None, targets: tuple[str, ...] = ()) -> str:
    """Return the targets and how the step goes over them."""
    if step.on is None:
        return "this bastion"
    names = [target.target for target in plan.targets] if plan else list(targets)
    if not names:
        return _selector(step.on)
    return " ".join(names) + (f" {_spread(step.on)}" if len(names) > 1 else "")


def _selector(selector: Selector) -> str:
    """Return which hosts a selector means, before they are known."""
    parts = [
        *selector.names,
        *(f"role {role}" for role in selector.roles),
        *(f"zone {zone}" for zone in selector.zones),
    ]
    if selector.where:
        parts.append(f"where {selector.where.text}")
    if selector.one:
        parts.append(f"the one that {selector.one.text} names")
    return ", ".join(parts) or "every host"


def _spread(selector: Selector) -> str:
    """Return how the step goes over several hosts."""
    words = {Spread.PARALLEL: "in parallel", Spread.SERIAL: "one after the other", Spread.ONE: ""}
    return words.get(selector.spread, f"{selector.batch_size} at a time")


def way_back(step: Step) -> str:
    """Say how the step can be undone, or why it cannot."""
    if step.risk is Risk.READ:
        return "changes nothing"
    if step.rollback:
        return f"can be undone: {step.rollback}"
    return no_way_back(step)


def no_way_back(step: Step) -> str:
    """Say that no step of the runbook takes this one back, then what the runbook says about that."""
    # Runbooks say here what is lost as well as how little is at stake: the words before have to suit both.
    return f"no step takes it back: {step.irreversible}" if step.irreversible else "no way back is named"


def scripts(plan: StepPlan, width: int) -> list[Line]:
    """Return the exact script, once for all targets, in a frame of its own."""
    if not plan.targets or not plan.targets[0].script.strip():
        return []
    # Values are never spliced into the text, so all targets run the same one; environments differ.
    first = plan.targets[0]
    names = " ".join(target.target for target in plan.targets)
    place = "on this bastion" if first.target == BASTION else f"on {names}"
    # Longer than any screen and then cut; the mark of the cut would say that something is hidden.
    rule = line(dim(crop(line(f"╭ runs {place}, exactly " + "─" * width), width - 1).plain.rstrip("… ")))
    body = [piece for text in first.script.rstrip("\n").split("\n") for piece in _framed(Span(text), width)]
    return [rule, *body, line(dim("╰"))]


def _framed(span: Span, width: int) -> list[Line]:
    """Return a line of a script behind the gutter; a long one goes on behind a mark, so that nothing is cut."""
    # However narrow the screen, some letters stand on each row.
    room = max(width - len(_GUTTER) - len(_GOES_ON), 10)
    first, *more = chop(span, room) if span.width > width - len(_GUTTER) else [span]
    return [line(dim(_GUTTER), first), *(line(dim(_GUTTER), dim(_GOES_ON), piece) for piece in more)]


def own_variables(targets: tuple[TargetPlan, ...], width: int) -> list[Line]:
    """Return the variables that the step itself names, per target where they differ."""
    return [piece for name in _names(targets, standard=False) for piece in _variable(name, targets, width)]


def standard_variables(targets: tuple[TargetPlan, ...], width: int) -> list[Line]:
    """Return the variables that every script finds, per target where they differ."""
    return [piece for name in _names(targets, standard=True) for piece in _variable(name, targets, width)]


def _names(targets: tuple[TargetPlan, ...], *, standard: bool) -> list[str]:
    """Return the names of the standard variables, or of the others."""
    names = dict.fromkeys(name for target in targets for name in target.environment)
    return [name for name in names if (name in STANDARD_ENVIRONMENT) is standard]


def _variable(name: str, targets: tuple[TargetPlan, ...], width: int) -> list[Line]:
    """Return one variable with its value, or with its values where targets differ."""
    values = {target.target: target.environment.get(name, "") for target in targets}
    if len(set(values.values())) == 1:
        return _framed_value(f"  {name}=", next(iter(values.values())), width)
    return [piece for target, value in values.items() for piece in _framed_value(f"  {target}: {name}=", value, width)]


def _framed_value(label: str, value: str, width: int) -> list[Line]:
    """Return a value behind its name; one of several lines is written out."""
    return wrap(line(dim(label), value), width, indent="    ")


def guard_lines(plan: StepPlan, width: int, overrides: tuple[str, ...] = ()) -> list[Line]:
    """Return each guard with its live answer, and what can be done about one that does not hold."""
    groups: dict[tuple[str, bool | None, str], list[GuardNow]] = {}
    for guard in plan.guards:
        # Hosts on which a guard holds share a line; one on which it does not has its own, with its values.
        alone = "" if guard.holds else guard.target
        groups.setdefault((guard.guard.that.text, guard.holds, alone), []).append(guard)
    return [piece for group in groups.values() for piece in _guard(group, width, overrides)]


def _guard(group: list[GuardNow], width: int, overrides: tuple[str, ...]) -> list[Line]:
    """Return one guard on one host, or on all hosts on which it holds."""
    first = group[0]
    mark = HOLDS[first.holds]
    targets = " ".join(guard.target for guard in group if guard.target != BASTION)
    place = f" on {targets}" if targets else ""
    # With several hosts the values would be those of one of them.
    values = f"  ({first.values})" if len(group) == 1 else ""
    text = Span(f"{first.guard.that.text}{place}{values}")
    return wrap(line(Span(f"{mark.glyph} ", mark.role), text, *_remedy(first, overrides)), width, indent="  ")


def _remedy(guard: GuardNow, overrides: tuple[str, ...]) -> tuple[Span, ...]:
    """Return why a guard matters and whether it can be overridden, if it does not hold."""
    if guard.holds:
        return ()
    because = Span(f" {HOLDS[guard.holds].word}{': ' + guard.guard.because if guard.guard.because else ''}.", Role.BAD)
    if guard.guard.that.text in overrides:
        return (because, Span(" Overridden by you.", Role.WARN))
    how = " override: o, needs a reason" if guard.guard.overridable else " cannot be overridden: mend it"
    return (because, Span(how, Role.KEY))


def afterwards(step: Step, width: int) -> list[Line]:
    """Return what must come true after the step."""
    if step.verify is None:
        return []
    text = f"{step.verify.that.text}, within {span_of(step.verify.within_s)}"
    return paragraph(text, width, label="Then    ")

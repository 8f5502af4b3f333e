"""The question before a step: exactly what runs, where, under which guards, what can go wrong, and the way back.

Owns which answer a risk asks for on the screen. What is confirmed is the digest in here; the core checks it again.
"""

from dataclasses import dataclass

from haops.core.commands import Answer
from haops.core.planning import StepPlan
from haops.core.risk import Risk
from haops.core.runbook import Step
from haops.core.view import View
from haops.ui.presenters.lines import BLANK, Line, Role, Span, dim, line, paragraph, strong, wrap
from haops.ui.presenters.plans import (
    AFTER_A_LOST_CONNECTION,
    afterwards,
    guard_lines,
    no_way_back,
    own_variables,
    scripts,
    standard_variables,
    summary,
    where,
)

BY_HAND = "manual"
"""The kind of a step that a person does; confirming it means saying what was done and seen."""
_ANSWERS = {Risk.READ: Answer.ENTER, Risk.CHANGE: Answer.YES, Risk.DESTROY: Answer.TYPED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A question and everything that it rests on. `obstacle` says why it cannot be confirmed now (empty: it can).

    `to_type` is what has to be typed (empty: a key is enough); `overridable` is the next guard to override.
    """

    title: Line
    lines: tuple[Line, ...]
    question: Line
    digest: str
    answer: Answer
    obstacle: str = ""
    to_type: str = ""
    overridable: str = ""
    by_hand: bool = False


def confirmation(
    view: View, step_id: str, width: int, *, overrides: tuple[str, ...] = (), shown_digest: str = ""
) -> Confirmation | None:
    """Return the question for a step, or None if it has no plan. `shown_digest` is what was shown at first."""
    plan = view.plans.get(step_id)
    if plan is None:
        return None
    step = plan.step
    to_type = _to_type(step, view)
    obstacle, overridable = _obstacle(plan, overrides, shown_digest)
    return Confirmation(
        title=line(strong(f"Confirm: {step.id} on {where(step, plan)}")),
        lines=tuple(_lines(plan, width, overrides)),
        question=_question(step, obstacle, to_type, overridable),
        digest=plan.digest,
        answer=_ANSWERS[step.risk],
        obstacle=obstacle,
        to_type=to_type,
        overridable=overridable,
        by_hand=step.kind == BY_HAND,
    )


def _to_type(step: Step, view: View) -> str:
    """Return what has to be typed: the cluster's name before destroying; `y` where a statement takes the keys."""
    if step.risk is Risk.DESTROY:
        return view.inventory.cluster
    return "y" if step.risk is Risk.CHANGE and step.kind == BY_HAND else ""


def _obstacle(plan: StepPlan, overrides: tuple[str, ...], shown_digest: str) -> tuple[str, str]:
    """Return why the step cannot be confirmed, and the guard whose override would help."""
    if plan.problem:
        return f"cannot run now: {plan.problem}", ""
    # Before the guards: to override one for a plan that was never shown would be blind.
    if shown_digest and plan.digest != shown_digest:
        return "what would run has changed since this was shown: esc, then look at it again", ""
    # Not known counts as open: a guard that cannot be answered protects nothing.
    # Overridden by its text: one reason is given for all hosts on which it does not hold.
    open_guards = [now.guard for now in plan.guards if not now.holds and now.guard.that.text not in overrides]
    if not open_guards:
        return "", ""
    fixed = [guard for guard in open_guards if not guard.overridable]
    # First: while one of these stands, a reason for another would be typed in vain.
    if fixed:
        return "a guard does not hold and cannot be overridden: mend it, haops looks again by itself", ""
    return "a guard does not hold: mend it, or o overrides it with a reason", open_guards[0].that.text


def _question(step: Step, obstacle: str, to_type: str, overridable: str) -> Line:
    """Return the question with its one key, or what stands in its way."""
    if obstacle:
        keys = "o override with a reason   esc: do not run" if overridable else "esc: do not run"
        return line(Span(f"{obstacle}.  ", Role.BAD), Span(keys, Role.KEY))
    if step.risk is Risk.DESTROY:
        return line("Type the cluster's name to run it, then enter:  ", Span("esc: do not run", Role.KEY))
    if to_type:
        return line("Type what you did and saw, then y:  ", Span("esc: do not run", Role.KEY))
    if step.risk is Risk.CHANGE:
        return line("Run it?  ", Span("y: run it   esc: do not run", Role.KEY), dim("   enter does nothing here"))
    return line("It only reads.  ", Span("enter: run it   esc: do not run", Role.KEY))


def _lines(plan: StepPlan, width: int, overrides: tuple[str, ...]) -> list[Line]:
    """Return everything that the answer rests on."""
    step = plan.step
    lines = [*wrap(summary(step, plan), width), *paragraph(step.title, width, Role.STRONG)]
    lines += paragraph(step.why, width, label="Why: ") if step.why else []
    if plan.kept:
        lines += paragraph(f"already done on {', '.join(plan.kept)}; not run there again", width)
    guards = guard_lines(plan, width, overrides)
    lines += [line(dim("Guards, as they are now")), *guards] if guards else [line(dim("This step has no guard."))]
    lines += [*scripts(plan, width), *own_variables(plan.targets, width)]
    lines += [*afterwards(step, width), *_wrong(step, width)]
    # Last: they are the same in every step, and long.
    return [*lines, line(dim("Standard variables")), *standard_variables(plan.targets, width), BLANK]


def _wrong(step: Step, width: int) -> list[Line]:
    """Return what can go wrong, and the way back."""
    lines = paragraph(AFTER_A_LOST_CONNECTION[step.effect], width)
    if step.risk is Risk.READ:
        return lines
    if step.rollback:
        return [*lines, *paragraph(f"{step.rollback}, offered after this step has ended", width, label="Way back: ")]
    return [*lines, *paragraph(no_way_back(step), width, Role.BAD, label="Way back: ")]

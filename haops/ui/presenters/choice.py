"""A decision: every answer with its live condition and what it loses; closed ones stay visible with why."""

from haops.core.planning import OptionNow, StepPlan
from haops.ui.presenters.lines import Line, Role, Span, dim, line, paragraph, strong, wrap
from haops.ui.presenters.marks import Mark

_OPEN = {
    True: Mark("○", "open", Role.GOOD),
    False: Mark("✖", "closed", Role.DIM),
    None: Mark("?", "not known", Role.UNKNOWN),
}


def choice_title(plan: StepPlan) -> Line:
    """Return the title."""
    return line(strong(f"Decide: {plan.step.title}"))


def choice_lines(plan: StepPlan, width: int) -> list[Line]:
    """Return each answer in up to three lines; only the first of them can be chosen, and only if it is open."""
    lines = paragraph(plan.step.why, width, label="Why: ") if plan.step.why else []
    for option in plan.options:
        lines += _option_lines(option, width)
    return lines


def _option_lines(option: OptionNow, width: int) -> list[Line]:
    """Return one answer."""
    mark = _OPEN[option.is_open]
    name = Span(option.option.value, Role.STRONG if option.is_open else Role.DIM)
    head = line(mark.span, " ", name, f"  {option.option.title}", key=option.option.value if option.is_open else "")
    lines = [head]
    if option.is_open:
        loses = option.loses or "not said"
        return [*lines, *wrap(line(dim("    loses: "), Span(loses, Role.WARN)), width, indent="    ")]
    why = f"{mark.word}: {option.option.when.text if option.option.when else ''} ({option.values})"
    return [*lines, *wrap(line(Span(f"    {why}", Role.DIM)), width, indent="    ")]


def choice_question(chosen: str) -> Line:
    """Return the question with its keys."""
    if not chosen:
        return line(
            Span("No answer is open now. ", Role.BAD), Span("esc", Role.KEY), " back; haops looks again by itself"
        )
    return line(
        "Take ",
        strong(chosen),
        "?  ",
        Span("↑ ↓", Role.KEY),
        " others   ",
        Span("y", Role.KEY),
        " take it   ",
        Span("esc", Role.KEY),
        " back",
    )

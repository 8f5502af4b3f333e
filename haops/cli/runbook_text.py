"""Runbooks, problems, graphs and plans as lines for people and as JSON values.

Owns how they look on a terminal of 80 columns. What a file holds passes through the one gate for text. Must never read
files or decide anything.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from haops.core.inventory import Inventory
from haops.core.runbook import Runbook, Step
from haops.core.standard_environment import STANDARD_ENVIRONMENT
from haops.core.text import cut, visible
from haops.errors import InputError, Problem
from haops.formats.graph_drawing import ASCII, draw
from haops.formats.plain_values import plain
from haops.formats.runbook_include import options_of
from haops.runtime.library import Listed
from haops.runtime.runbook_plan import StepPreview, TargetPreview
from haops.ui.presenters.plans import no_way_back

WIDTH = 80
_ID_WIDTH = 26
_FIELD_WIDTH = 10
_AS_WRITTEN: Mapping[str, str] = {}


def listed_line(entry: Listed) -> str:
    """Return one line: the name, the title and the signals, or what is wrong with the file."""
    book = entry.runbook
    if book is None:
        count = len(entry.error.problems) if isinstance(entry.error, InputError) else 0
        remedy = f"haops runbook lint {entry.path}"
        return visible(f"{entry.path.stem:<{_ID_WIDTH}} {count or 'some'} mistakes: {remedy}")
    signals = ", ".join(book.signals_for) or "-"
    return visible(
        f"{book.name:<{_ID_WIDTH}} {book.title}\n{'':<{_ID_WIDTH}} for {signals}  {entry.path}", keep_newlines=True
    )


def listed_object(entry: Listed) -> dict[str, Any]:
    """Return the same as a JSON value; `mistakes` is empty for a file that can be used."""
    book = entry.runbook
    problems = entry.error.problems if isinstance(entry.error, InputError) else ()
    return {
        "name": book.name if book else entry.path.stem,
        "title": book.title if book else "",
        "signals_for": list(book.signals_for) if book else [],
        "signals_against": list(book.signals_against) if book else [],
        "source": str(entry.path),
        "digest": book.digest if book else "",
        "mistakes": plain(problems) if problems else [str(entry.error)] if entry.error else [],
    }


def problem_line(problem: Problem) -> str:
    """Return a problem on one line: where, how grave, what, what to do."""
    return visible(str(problem))


def show_lines(book: Runbook) -> Iterator[str]:
    """Yield what a runbook is for, what it asks for, and its steps."""
    yield visible(f"{book.name}: {book.title}")
    yield from _indented(book.summary, 2)
    yield from _field("for", ", ".join(book.signals_for))
    yield from _field("against", ", ".join(book.signals_against))
    for wanted in book.inputs:
        note = "optional" if wanted.optional else "needed" if wanted.default is None else f"default {wanted.default}"
        yield from _field("input", f"{wanted.name} ({wanted.type}, {note}): {wanted.help}")
    yield from _field("objectives", ", ".join(f"{name} {value:g}" for name, value in book.objectives.items()))
    for condition in book.done:
        yield from _field("done when", condition.text)
    yield from _field("source", f"{book.source}, sha256 {book.digest[:16]}")
    for step in book.steps:
        yield ""
        yield from _step_lines(step)


def _step_lines(step: Step, losses: Mapping[str, str] = _AS_WRITTEN) -> Iterator[str]:
    """Yield a step's name, reason, conditions and ways back; `losses` says what answers lose, as far as it is known."""
    yield visible(f"{step.id}: {step.title}  [{step.kind}, {step.risk.value}]")
    yield from _indented(step.why, 2)
    yield from _field("after", ", ".join(step.needs))
    yield from _field("only if", step.when.text if step.when else "")
    for option in options_of(step):
        loses = losses.get(option.value, option.loses)
        opens = f"open when {option.when.text}; " if option.when else ""
        yield from _field("answer", f"{option.value}: {option.title}; {opens}loses {loses or 'nothing'}")
    for guard in step.guards:
        firmly = "" if guard.overridable else " (cannot be overridden)"
        yield from _field("guard", f"{guard.that.text}{firmly}{': ' if guard.because else ''}{guard.because}")
    if step.verify:
        yield from _field("verify", f"{step.verify.that.text}, within {step.verify.within_s:g} s")
    yield from _field("captures", ", ".join(f"{capture.name} ({capture.type})" for capture in step.captures))
    yield from _field("way back", step.rollback or (no_way_back(step) if step.irreversible else ""))


def _field(name: str, text: str) -> Iterator[str]:
    """Yield a named text, wrapped; nothing if there is no text."""
    # 3 cells: the indentation, and the space behind the name.
    lines = wrap(visible(text), WIDTH - _FIELD_WIDTH - 3)
    for number, line in enumerate(lines):
        yield f"  {name if number == 0 else '':<{_FIELD_WIDTH}} {line}"


def _indented(text: str, by: int) -> Iterator[str]:
    return (" " * by + line for line in wrap(visible(text), WIDTH - by))


def graph_lines(book: Runbook) -> Iterator[str]:
    """Yield the step graph; in ASCII where the terminal shows nothing else."""
    lines = list(draw(book))
    width = max(len(line.drawing) for line in lines) + 2
    # Where the terminal knows no UTF-8, lines would come out as question marks.
    can_draw = (sys.stdout.encoding or "").lower().startswith("utf")
    for line in lines:
        drawing = line.drawing if can_draw else line.drawing.translate(ASCII)
        said = f"{line.step.id}  {line.step.title}" if line.step else ""
        yield f"{drawing:<{width}}{cut(visible(said), WIDTH - width)}".rstrip()


def graph_object(book: Runbook) -> dict[str, Any]:
    """Return the steps and their edges as a JSON value."""
    return {
        "runbook": book.name,
        "steps": [
            {"id": step.id, "title": step.title, "kind": step.kind, "risk": step.risk.value} for step in book.steps
        ],
        "needs": [{"step": step.id, "needs": need} for step in book.steps for need in step.needs],
        "ways_back": [{"step": step.id, "rollback": step.rollback} for step in book.steps if step.rollback],
    }


def plan_lines(book: Runbook, cluster: Inventory, previews: Sequence[StepPreview]) -> Iterator[str]:
    """Yield what every step would do."""
    yield visible(f"{book.name} on {cluster.cluster} ({cluster.layout.value}): nothing was asked of it")
    for preview in previews:
        yield ""
        yield from _step_lines(preview.step, preview.losses)
        yield from _field("expects", _expectation(preview.step))
        yield from _field("hosts", _hosts(preview))
        yield from _target_lines(preview)


def _expectation(step: Step) -> str:
    statuses = "" if step.expect.exit == (0,) else f"exit status {' or '.join(map(str, step.expect.exit))} "
    return statuses + (f"output that matches {step.expect.stdout}" if step.expect.stdout else "")


def _hosts(preview: StepPreview) -> str:
    """Return the hosts and how they are narrowed down; nothing for a step on the bastion."""
    if preview.step.on is None:
        return ""
    names = ", ".join(target.target for target in preview.targets) or "none matches"
    return f"{names}: {preview.choice}"


def _target_lines(preview: StepPreview) -> Iterator[str]:
    """Yield the variables that the script uses, first those that are the same everywhere, and the script."""
    if options_of(preview.step):
        return  # its answers are shown already
    used = [(target.target, _used(target, preview.step).items()) for target in preview.targets]
    shared = [pair for pair in (used[0][1] if used else ()) if all(pair in pairs for _, pairs in used)]
    for name, value in shared:
        yield from _field("env", f"{name}={value}")
    for host, pairs in used:
        for name, value in pairs:
            if (name, value) not in shared:
                yield from _field("env", f"{host}: {name}={value}")
    for script in dict.fromkeys(target.script for target in preview.targets):
        yield from (f"    | {visible(line)}" for line in script.splitlines())


def _used(target: TargetPreview, step: Step) -> dict[str, str]:
    """Return the variables that a person wants to see: the step's own, and standard ones that the script names."""
    return {
        name: value
        for name, value in target.environment.items()
        if name not in STANDARD_ENVIRONMENT or name in target.script or name in step.environment
    }


def plan_object(book: Runbook, cluster: Inventory, previews: Sequence[StepPreview]) -> dict[str, Any]:
    """Return the whole plan as a JSON value."""
    return {
        "runbook": book.name,
        "digest": book.digest,
        "cluster": cluster.cluster,
        "layout": cluster.layout.value,
        "steps": [_preview_object(preview) for preview in previews],
    }


def _preview_object(preview: StepPreview) -> dict[str, Any]:
    step: dict[str, Any] = plain(preview.step)
    shown = {name: value for name, value in step.items() if name not in ("action", "on", "environment", "line")}
    return {**shown, "hosts": preview.choice, "targets": plain(preview.targets)}

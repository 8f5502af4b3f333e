"""Triage: runbooks in order of fit with the reasons for and against; never a bare score."""

from collections.abc import Iterable

from haops.core.runbook import Input, Runbook
from haops.core.signal import Signal
from haops.core.triage import Fit
from haops.core.view import View
from haops.ui.presenters.lines import BLANK, Line, Role, Span, dim, line, paragraph, strong, wrap
from haops.ui.presenters.marks import severity_mark
from haops.ui.presenters.numbers import plural

_MOST_CHANGES = 4


def triage_title(view: View) -> Line:
    """Return whether anything fits."""
    fitting = sum(fit.fits for fit in view.fits)
    verb = "fits" if fitting == 1 else "fit"
    words = f"  {plural(fitting, 'runbook')} of {len(view.fits)} {verb}" if view.fits else "  no runbook"
    return line(strong("triage"), words if view.has_read_runbooks else "  reading the runbooks")


def triage_lines(view: View, width: int) -> list[Line]:
    """Return every runbook: one line that can be chosen, then its reasons."""
    lines = _none_fits(view, width)
    for fit in view.fits:
        lines += [_head(fit), *_reasons(fit, width), BLANK]
    return lines


def _none_fits(view: View, width: int) -> list[Line]:
    """Say that none fits, and what to look at next, if that is so."""
    if any(fit.fits for fit in view.fits):
        return []
    if not view.has_read_runbooks:
        return paragraph("The runbooks are being read; what fits will stand here.", width)
    if not view.fits:
        return paragraph(
            "There is no runbook on this bastion. `haops runbook list` says where haops looks.", width, Role.WARN
        )
    looked = (
        "Signals are raised, but no runbook is meant for them: read them in pane 6, and note what you do (n)."
        if view.signals
        else "No signal is raised. Look at stale or silent rows in the panes first; u looks at everything again."
    )
    return [*paragraph(f"None fits. {looked}", width, Role.WARN), BLANK]


def _head(fit: Fit) -> Line:
    """Return the runbook with whether it fits, in a word."""
    if fit.fits:
        word = Span("✔ fits      ", Role.GOOD)
    elif fit.speaks_against:
        word = Span("✖ against   ", Role.BAD)
    else:
        word = Span("- no reason ", Role.DIM)
    return line(word, strong(fit.runbook.name), f"  {fit.runbook.title}", key=fit.runbook.name)


def _reasons(fit: Fit, width: int) -> list[Line]:
    """Return what speaks for it, what against, what was not seen, and what it would change."""
    lines = [*_signals("for", fit.speaks_for, width), *_signals("against", fit.speaks_against, width)]
    # 14 cells are the indentation and the label: reasons go on below each other.
    if fit.not_seen:
        lines += wrap(line(dim("    not seen  "), dim(", ".join(fit.not_seen))), width, indent=" " * 14)
    changes = list(fit.changes)
    more = f", and {len(changes) - _MOST_CHANGES} more" if len(changes) > _MOST_CHANGES else ""
    text = ", ".join(changes[:_MOST_CHANGES]) + more if changes else "nothing: it only reads"
    return [*lines, *wrap(line(dim("    changes   "), text), width, indent=" " * 14)]


def _signals(label: str, signals: Iterable[Signal], width: int) -> list[Line]:
    """Return signals as reasons."""
    lines: list[Line] = []
    for signal in signals:
        mark = severity_mark(signal.severity)
        head = (dim(f"    {label:<10}"), Span(f"{mark.glyph} {signal.name}: ", mark.role))
        lines += wrap(line(*head, signal.sentence), width, indent=" " * 14)
    return lines


def inputs_to_ask(runbook: Runbook) -> tuple[Input, ...]:
    """Return the inputs that the operator is asked for; empty if every one has a value without being asked."""
    needed = [wanted for wanted in runbook.inputs if is_needed(wanted)]
    return runbook.inputs if needed else ()


def is_needed(wanted: Input) -> bool:
    """Whether an input has no value unless the operator gives one."""
    return not wanted.optional and wanted.default is None and wanted.discover is None


def input_label(wanted: Input) -> Line:
    """Return an input's name, form and meaning."""
    need = Span(" needed", Role.WARN) if is_needed(wanted) else dim(" may stay empty")
    meaning = f"  {wanted.help}" if wanted.help else ""
    return line(strong(wanted.name), dim(f" ({wanted.type})"), need, meaning)

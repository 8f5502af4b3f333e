"""From validated documents to the core's values.

Owns this translation. Must never check anything: what comes here is right.
"""

from typing import Any

from haops.core.conditions import Expression
from haops.core.risk import Risk
from haops.core.runbook import Capture, Effect, Expect, Guard, Input, Selector, Spread, Step, Verification
from haops.formats.input_values import INPUT_FORMS
from haops.formats.runbook_document import (
    CaptureDocument,
    GuardDocument,
    InputDocument,
    ObjectivesDocument,
    SelectorDocument,
    StepDocument,
    VerificationDocument,
)
from haops.formats.vocabulary import StepKindFields


def step_of(written: StepDocument, kind: StepKindFields, action: Any, line: int) -> Step:
    """Return the step. A step that names no risk has its kind's; one that only reads has the effect of reading."""
    risk = written.risk or kind.default_risk
    return Step(
        id=written.id,
        title=written.title,
        kind=kind.name,
        action=action,
        why=written.why,
        needs=written.needs,
        when=written.when,
        on=_selector(written.on) if written.on else None,
        risk=risk,
        effect=written.effect or (Effect.READ if risk is Risk.READ else Effect.UNPROTECTED),
        environment=written.env,
        guards=tuple(_guard(guard) for guard in written.guard),
        expect=Expect(exit=written.expect.exit, stdout=written.expect.stdout),
        captures=tuple(_capture(name, capture) for name, capture in written.capture.items()),
        verify=_verification(written.verify) if written.verify else None,
        timeout_s=written.timeout,
        retries=written.retry,
        rollback=written.rollback,
        irreversible=written.irreversible,
        probe=written.probe,
        estimate_s=written.estimate,
        line=line,
    )


def _selector(written: SelectorDocument) -> Selector:
    return Selector(
        roles=written.role,
        zones=written.zone,
        names=written.name,
        where=written.where,
        spread=_spread(written),
        batch_size=written.batch or 0,
        one=written.one if isinstance(written.one, Expression) else None,
    )


def _spread(written: SelectorDocument) -> Spread:
    """Return how the step goes over its hosts; all at once when the file does not say."""
    if written.one is not None:
        return Spread.ONE
    if written.batch is not None:
        return Spread.BATCH
    return Spread.SERIAL if written.each == "serial" else Spread.PARALLEL


def _guard(written: GuardDocument) -> Guard:
    return Guard(that=written.that, because=written.because, overridable=written.overridable)


def _capture(name: str, written: CaptureDocument) -> Capture:
    return Capture(name=name, type=written.type, json=written.json_, regex=written.regex, value=written.value)


def _verification(written: VerificationDocument) -> Verification:
    return Verification(that=written.that, every_s=written.every, within_s=written.within)


def input_of(name: str, written: InputDocument) -> Input:
    """Return an input."""
    return Input(
        name=name,
        type=written.type,
        # Cannot fail: the document has refused a default without the form.
        default=None if written.default is None else INPUT_FORMS[written.type](written.default),
        optional=written.optional,
        help=written.help,
        discover=written.discover,
    )


def objectives_of(written: ObjectivesDocument) -> dict[str, float]:
    """Return the objectives that the runbook names: seconds, and writes for `lost_writes`."""
    return {name: float(value) for name, value in written.model_dump().items() if value is not None}

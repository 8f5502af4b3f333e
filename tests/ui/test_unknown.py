"""What is said of an attempt whose outcome is unknown, without any screen."""

from dataclasses import replace

import pytest

from haops.core.runbook import Effect, Step
from haops.ui.presenters.unknown import unknown_attempts, unknown_lines
from tests.ui.scenes import unknown


@pytest.mark.parametrize(
    ("kind", "effect", "probe", "said"),
    [
        ("ssh", Effect.VERIFIED, "", "reads the attempt's run directory on cp2; what has not begun by then never will"),
        (
            "local",
            Effect.VERIFIED,
            "test -e x",
            (
                "reads the attempt's run directory on cp2; what has not begun by then never will; "
                "if that says nothing, runs the runbook's own probe"
            ),
        ),
        ("ssh", Effect.READ, "", "asks nothing: it only reads and may run again"),
        ("copy", Effect.IDEMPOTENT, "", "asks nothing: an incomplete copy leaves nothing; it can be done again"),
        ("etcd", Effect.VERIFIED, "", "cannot tell: an unanswered proposal may still be applied; look, then decide"),
        ("kubernetes", Effect.VERIFIED, "", "cannot tell: an unanswered write may have been made; look, then decide"),
        ("kubernetes", Effect.READ, "", "asks nothing: it only reads and may run again"),
        ("http", Effect.READ, "", "asks nothing: it only reads and may run again"),
        ("check", Effect.READ, "", "asks nothing: looking changes nothing and may be done again"),
        ("manual", Effect.VERIFIED, "", "cannot tell: only a person knows; decide"),
        ("choose", Effect.READ, "", "cannot tell: only a person knows; decide"),
    ],
)
def test_what_a_probe_does_is_said_as_its_kind_has_it(kind: str, effect: Effect, probe: str, said: str) -> None:
    """Nothing is promised that the kind's probe does not do: most kinds leave no directory anywhere."""
    view = unknown()
    assert view.session.runbook
    [attempt] = unknown_attempts(view, "stop-api")
    step = Step(id="stop-api", title="It", kind=kind, action=None, effect=effect, probe=probe)
    told = replace(view, session=replace(view.session, runbook=replace(view.session.runbook, steps=(step,))))
    assert f"The probe: {said}" in [piece.plain for piece in unknown_lines(told, attempt)]

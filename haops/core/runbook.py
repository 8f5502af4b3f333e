"""A runbook as values: what it applies to, what it asks for, and the graph of its steps.

Owns the runbook's shape. Must never know YAML (`formats.runbook_yaml` fills it) nor how a step is run (`steps` do).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from haops.core.conditions import Expression
from haops.core.risk import Risk


class Effect(StrEnum):
    """What may happen after an outcome that is unknown."""

    READ = "read"
    """May run again by itself."""
    IDEMPOTENT = "idempotent"
    """May run again when the operator says so; doing it twice is the same as once."""
    VERIFIED = "verified"
    """Its probe or verification tells whether it happened."""
    UNPROTECTED = "unprotected"
    """Only a person decides, with a reason."""


class Spread(StrEnum):
    """How a step goes over the hosts that its selector matches."""

    PARALLEL = "parallel"
    SERIAL = "serial"
    BATCH = "batch"
    ONE = "one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which hosts a step runs on. Empty fields match all; `where` is evaluated per host with its `host.*` facts.

    With `spread` ONE, `one` is either None (the first host that matches) or an expression that gives a host's name.
    """

    roles: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    where: Expression | None = None
    spread: Spread = Spread.PARALLEL
    batch_size: int = 0
    one: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A named value taken from a step's output.

    Exactly one of `json` (a JSON pointer), `regex` (its first group) and `value` (text in which `$NAME` stands for a
    variable of the step's environment) is set. The value must have the form that `type` names, or the step fails;
    `type` is one of: text, integer, number, boolean, path, hex, url, name.
    """

    name: str
    type: str
    json: str | None = None
    regex: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What the step's own result must be: one of these exit statuses, and output that matches."""

    exit: tuple[int, ...] = (0,)
    stdout: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A condition that must come true after the step, looked at every `every_s` for at most `within_s`."""

    that: Expression
    every_s: float = 1.0
    within_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A condition that must hold right before the step. `because` is shown when it does not."""

    that: Expression
    because: str = ""
    # Who is there may know more than the runbook; what must never be overridden says so.
    overridable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer of a `choose` step. `loses` says what is lost that way; `{expression}` in it is filled in."""

    value: str
    title: str
    when: Expression | None = None
    loses: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `kind` names the step kind, `action` is that kind's own value (see `haops.steps`).

    `environment` maps variable names to expressions whose values reach the script; nothing else does.
    `rollback` names the step that is the way back; `irreversible` says why there is none.
    """

    id: str
    title: str
    kind: str
    action: Any
    why: str = ""
    needs: tuple[str, ...] = ()
    when: Expression | None = None
    on: Selector | None = None
    risk: Risk = Risk.READ
    # The most careful one: that more is allowed has to be said.
    effect: Effect = Effect.UNPROTECTED
    environment: Mapping[str, Expression] = field(default_factory=dict)
    guards: tuple[Guard, ...] = ()
    expect: Expect = field(default_factory=Expect)
    captures: tuple[Capture, ...] = ()
    verify: Verification | None = None
    timeout_s: float = 60.0
    retries: int = 0
    rollback: str | None = None
    irreversible: str = ""
    probe: str | None = None
    estimate_s: float | None = None
    line: int = 0


PATH_INPUT_FACTS = ("present", "size_bytes", "age_s", "verified")
"""What is found out about the file that an input of type path names: `older_snapshot.present`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A value that the operator gives, or that is found out. `type` as in Capture, plus duration and bytes."""

    name: str
    type: str
    default: Any = None
    optional: bool = False
    help: str = ""
    discover: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """A runbook. `signals_for` and `signals_against` are names of signals.

    `includes` maps each included runbook, as it is named in the text, to its text. `digest` is the SHA-256 of `text`
    and, if there are any, of the digests of what it includes: the same text with the same includes is the same runbook.
    """

    name: str
    title: str
    summary: str
    steps: tuple[Step, ...]
    signals_for: tuple[str, ...] = ()
    signals_against: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    objectives: Mapping[str, float] = field(default_factory=dict)
    done: tuple[Expression, ...] = ()
    references: tuple[str, ...] = ()
    source: str = ""
    text: str = ""
    digest: str = ""
    includes: Mapping[str, str] = field(default_factory=dict)

    def step(self, step_id: str) -> Step:
        """Return the step of that id; KeyError if there is none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

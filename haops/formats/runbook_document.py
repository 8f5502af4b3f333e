"""The fields of a runbook file: what each is called, what it may hold, what it means.

Owns the written shape; the schema, the checks and the messages all follow from it. Must never hold a rule that needs
two steps (`runbook_rules` does) or a step kind's own fields (the vocabulary brings them).
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from haops.core.conditions import Expression
from haops.core.risk import Risk
from haops.core.runbook import Effect
from haops.formats.fields import (
    Condition,
    Document,
    Identifier,
    Known,
    Label,
    OneOrMany,
    Pointer,
    Regex,
    Seconds,
    ShortForm,
    Text,
    Truth,
    VariableName,
    Whole,
    refused,
)
from haops.formats.input_values import INPUT_FORMS
from haops.formats.runbook_scope import Mistake

# Literal wants its words written out: a new form in FORMS or INPUT_FORMS has to be named here as well.
CaptureType = Literal["text", "integer", "number", "boolean", "path", "hex", "url", "name"]
InputType = Literal["text", "integer", "number", "boolean", "path", "hex", "url", "name", "duration", "bytes"]

StepId = Annotated[str, Known("step_ids", "step")]
SignalName = Annotated[str, Known("signals", "signal")]
Holds = Annotated[Expression, Condition()]


class SelectorDocument(Document):
    """Which hosts a step runs on, and how it goes over them."""

    role: Annotated[tuple[Text, ...], OneOrMany()] = Field((), description="Hosts with one of these roles.")
    zone: Annotated[tuple[Text, ...], OneOrMany()] = Field((), description="Hosts in one of these zones.")
    name: Annotated[tuple[Text, ...], OneOrMany()] = Field((), description="Hosts with one of these names.")
    where: Annotated[Expression, Condition(host=True)] | None = Field(
        None, description="Hosts for which this condition holds; it may read host.* facts."
    )
    each: Literal["parallel", "serial"] | None = Field(
        None, description="On every host that matches: all at once (the default), or one after the other."
    )
    one: Annotated[Expression | Literal["any"], Condition(word="any")] | None = Field(
        None, description="On one host: any (the first that matches), or an expression that gives a host's name."
    )
    batch: Annotated[Whole, Field(ge=1)] | None = Field(
        None, description="On every host that matches, this many at a time."
    )

    @model_validator(mode="after")
    def _one_way(self) -> "SelectorDocument":
        ways = [name for name in ("each", "one", "batch") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise refused(Mistake(0, f"{' and '.join(ways)} contradict each other", "keep one of them"))
        return self


class GuardDocument(Document):
    """What must hold right before the step."""

    that: Annotated[Expression, Condition(host=True)] = Field(description="The condition.")
    because: Text = Field("", description="What would go wrong otherwise; shown when it does not hold.")
    overridable: Truth = Field(True, description="Whether an operator may go on all the same, with a typed reason.")  # noqa: FBT003 - a default


class ExpectDocument(Document):
    """What the step's own result must be."""

    exit: Annotated[tuple[Whole, ...], OneOrMany()] = Field((0,), description="Exit statuses that mean success.")
    stdout: Regex | None = Field(None, description="A regular expression that the output must match.")


class CaptureDocument(Document):
    """A named value taken from the step's output. Exactly one of json, regex and value."""

    # Called `json` it would hide a method of pydantic's models.
    json_: Pointer | None = Field(None, alias="json", description="A JSON pointer into the output.")
    regex: Regex | None = Field(None, description="A regular expression; its first group is the value.")
    value: Text | None = Field(None, description="Text in which $NAME stands for a variable of the environment.")
    type: CaptureType = Field(description="The form that the value must have, or the step fails.")

    @model_validator(mode="after")
    def _one_source(self) -> "CaptureDocument":
        if sum(source is not None for source in (self.json_, self.regex, self.value)) != 1:
            raise refused(Mistake(0, "exactly one of json, regex and value says where the value comes from"))
        return self


class VerificationDocument(Document):
    """What must come true after the step."""

    that: Annotated[Expression, Condition(host=True, own=True)] = Field(description="The condition.")
    every: Seconds = Field(1.0, description="How long to wait between two looks.")
    within: Seconds = Field(60.0, description="How long it may take.")


class StepDocument(Document):
    """One step, without the part that its kind owns."""

    id: Label = Field(description="The step's name within the runbook.")
    title: Text = Field(description="What the step does, in a few words.")
    why: Text = Field("", description="Why it is done; shown before it is confirmed.")
    needs: tuple[StepId, ...] = Field((), description="Steps that must be finished before.")
    when: Holds | None = Field(None, description="The step is skipped unless this holds.")
    on: SelectorDocument | None = Field(None, description="The hosts that it runs on.")
    # YAML takes one pair of quotes away; fixed text in an expression needs its own.
    env: dict[VariableName, Annotated[Expression, Condition(host=True, literal=True)]] = Field(
        default_factory=dict,
        description="Variables for the script: an expression each; fixed text is quoted twice: '\"text\"'.",
    )
    risk: Risk | None = Field(None, description="How much it can hurt; decides how it is confirmed.")
    effect: Effect | None = Field(None, description="What may happen after an unknown outcome.")
    guard: Annotated[tuple[Annotated[GuardDocument, ShortForm("that")], ...], OneOrMany()] = Field(
        (), description="What must hold right before it; looked at again at the last moment."
    )
    expect: ExpectDocument = Field(default_factory=ExpectDocument, description="What its own result must be.")
    capture: dict[Identifier, CaptureDocument] = Field(
        default_factory=dict, description="Named values from its output, for later steps."
    )
    verify: Annotated[VerificationDocument, ShortForm("that")] | None = Field(
        None, description="What must come true after it."
    )
    timeout: Seconds = Field(60.0, description="After this haops no longer waits; the step may still be running.")
    retry: Annotated[Whole, Field(ge=0, le=10)] = Field(0, description="How often a failure is tried again by itself.")
    rollback: StepId | None = Field(None, description="The step that is the way back.")
    irreversible: Text = Field("", description="Why there is no way back.")
    probe: Text | None = Field(
        None, description="A script that tells whether an unknown attempt happened: exit 0 if it did, 1 if not."
    )
    estimate: Seconds | None = Field(None, description="How long it usually takes.")


class InputDocument(Document):
    """A value that the operator gives, or that is found out."""

    type: InputType = Field(description="The form that the value must have.")
    # Any: its form follows from `type`, which one field alone cannot see.
    default: Any = Field(None, description="The value when none is given.")
    optional: Truth = Field(False, description="Whether the runbook works without it.")  # noqa: FBT003 - a default
    help: Text = Field("", description="What it is, for the person who is asked.")
    discover: Holds | None = Field(None, description="An expression whose value is offered.")

    @model_validator(mode="after")
    def _default_has_the_form(self) -> "InputDocument":
        if self.default is None:
            return self
        try:
            INPUT_FORMS[self.type](self.default)
        except (ValueError, KeyError):
            raise refused(Mistake(0, f"the default {self.default!r} is not of the form {self.type}")) from None
        return self


class AppliesDocument(Document):
    """When the runbook fits."""

    for_: tuple[SignalName, ...] = Field((), alias="for", description="Signals that speak for it.")
    against: tuple[SignalName, ...] = Field((), description="Signals that speak against it.")


class ObjectivesDocument(Document):
    """What a rehearsal is measured against."""

    rto: Seconds | None = Field(None, description="Time until everything under `done` holds.")
    detection: Seconds | None = Field(None, description="Time until a signal is raised.")
    decision: Seconds | None = Field(None, description="Time from the signal to the first confirmed change.")
    rpo: Seconds | None = Field(None, description="The time whose writes may be lost.")
    lost_writes: Annotated[Whole, Field(ge=0)] | None = Field(None, description="Acknowledged writes that may be lost.")


class RunbookDocument(Document):
    """The file."""

    apiVersion: Literal["haops/v1"] = Field(description="The version of this format.")  # noqa: N815 - the key in the file
    kind: Literal["Runbook"] = Field(description="What the file is.")
    name: Label = Field(description="What the runbook is called on the command line.")
    title: Text = Field(description="What has happened, in a few words.")
    summary: Text = Field("", description="What the runbook does about it.")
    applies: AppliesDocument = Field(default_factory=AppliesDocument, description="Signals for and against it.")
    inputs: dict[Identifier, InputDocument] = Field(default_factory=dict, description="Values that it asks for.")
    objectives: ObjectivesDocument = Field(default_factory=ObjectivesDocument, description="What it must achieve.")
    done: tuple[Holds, ...] = Field((), description="What must hold at the end.")
    references: tuple[Text, ...] = Field((), description="Where its advice comes from.")
    # Any: each step is validated by itself, with its kind, so that its mistakes do not hide others.
    steps: Annotated[tuple[Any, ...], Field(min_length=1)] = Field(description="The steps, in the order of reading.")


class IncludeDocument(Document):
    """Another runbook, whose steps are put in this step's place."""

    runbook: Text = Field(description="The other runbook's name, or its path from this file.")
    with_: dict[Identifier, Annotated[Expression, Condition(literal=True)]] = Field(
        default_factory=dict, alias="with", description="Its inputs: an expression each."
    )
    only: tuple[Text, ...] = Field((), description="Only these of its steps, by id.")

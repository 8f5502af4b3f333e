"""The kinds in which a person acts: `choose` decides which way is taken, `manual` does something by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from haops.core.conditions import Expression
from haops.core.inventory import Inventory
from haops.core.risk import Risk
from haops.core.runbook import Option, Step
from haops.core.session_state import Outcome
from haops.errors import Refused
from haops.formats.fields import Condition, Document
from haops.steps.kind import Attempting, CommonKind, Result


class Answer(Document):
    """One answer of a decision."""

    value: Annotated[str, Field(description="What later conditions compare with.", pattern=r"^[A-Za-z0-9][\w.-]*$")]
    title: Annotated[str, Field(description="The answer in words.")]
    when: Annotated[Any, Condition(), Field(default=None, description="Open only when this holds.")] = None
    loses: Annotated[str, Field(default="", description="What is lost this way; {name} is filled in.")] = ""


def _as_options(answers: list[Answer]) -> tuple[Option, ...]:
    """Return the answers as the core knows them."""
    return tuple(Option(value=a.value, title=a.title, when=a.when, loses=a.loses) for a in answers)


@dataclass(frozen=True, slots=True)
class PersonKind(CommonKind):
    """Nothing is sent anywhere: what counts is what the operator says."""

    name: str
    model: Any
    text_of: Callable[[Any], str]
    needs_host: bool = False
    default_risk: Risk = Risk.READ

    def names(self, action: Any) -> tuple[Expression, ...]:
        """Return the conditions of the answers; instructions hold none."""
        return tuple(option.when for option in action if option.when) if isinstance(action, tuple) else ()

    def script(self, step: Step, inventory: Inventory) -> str:
        """Return the instructions or the answers."""
        del inventory
        return self.text_of(step.action)

    def run(self, attempting: Attempting) -> Result:
        """Take the operator's statement for the outcome. Raises Refused if there is none."""
        if not attempting.statement.strip():
            raise Refused("nothing was said about what was done", remedy="say what was done and seen")
        # Recorded as any other: there is no outcome of an attempt that was not dispatched.
        attempting.dispatch()
        return Result(outcome=Outcome.SUCCEEDED, evidence=f"the operator says: {attempting.statement}")

    def probe(self, attempting: Attempting) -> Result | None:
        """Leave it to the operator: only a person knows."""
        del attempting
        return None

    def probing(self, step: Step, target: str) -> str:
        """Say what a probe does."""
        del step, target
        return "cannot tell: only a person knows; decide"


def _answers_text(options: tuple[Option, ...]) -> str:
    return "\n".join(f"{option.value}: {option.title}" for option in options)


CHOOSE = PersonKind(
    name="choose",
    model=Annotated[
        list[Answer],
        Field(min_length=1, description="A decision: the answer opens one way and closes the others."),
        AfterValidator(_as_options),
    ],
    text_of=_answers_text,
)
MANUAL = PersonKind(
    name="manual",
    model=Annotated[str, Field(min_length=1, description="Instructions; the operator says what was done and seen.")],
    text_of=str,
)

"""The kinds of fields that runbooks and inventories are made of.

Owns how a single field is written: durations, conditions, patterns, names. Each carries its own check, its own sentence
for a mistake and its own piece of JSON Schema, so that none of the three can differ from the others. Must never know
which document a field stands in.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    StringConstraints,
    TypeAdapter,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from haops.core.conditions import ConditionError, Expression, parse_condition
from haops.formats.input_values import DURATION, seconds
from haops.formats.runbook_scope import Mistake, Scope
from haops.formats.suggestions import did_you_mean

# Short patterns can be read before they are trusted; long ones can take for ever to match.
MAX_PATTERN_LENGTH = 300

JsonSchema = dict[str, Any]


class Document(BaseModel):
    """A mapping of a file: its keys are exactly its fields."""

    # Built on first use (defer_build): a command that reads no document does not pay for its checks.
    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=False, defer_build=True
    )


@cache
def adapter_of(model: Any) -> TypeAdapter[Any]:
    """Return what validates a model, or a type with its conditions, and describes it as JSON Schema."""
    # Measured: building one takes 150 times as long as using it, and each step of a runbook asks for the same ones.
    return TypeAdapter(model)


def refused(*mistakes: Mistake) -> PydanticCustomError:
    """Return the error that carries mistakes with their offsets out of a validator."""
    sentence = "; ".join(mistake.message for mistake in mistakes)
    # pydantic fills in the sentence's braces: a mistake that quotes some must come as a value.
    return PydanticCustomError("mistake", "{sentence}", {"sentence": sentence, "mistakes": mistakes})


def scope_of(validation: core_schema.ValidationInfo[Any]) -> Any:
    """Return the scope that the caller validates in, or None."""
    return (validation.context or {}).get("scope")


@dataclass(frozen=True, slots=True)
class FieldCheck:
    """A field whose value is made by a function of what is written; `schema` says the same to an editor."""

    def check(self, value: Any, validation: core_schema.ValidationInfo[Any]) -> Any:
        """Return the field's value; raises what `refused` returns."""
        raise NotImplementedError

    def schema(self) -> JsonSchema:
        """Return the field's JSON Schema."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, inner: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, inner: GetJsonSchemaHandler) -> JsonSchema:
        return self.schema()


def checked_text(value: Any) -> str:
    """Return the value if it is text; numbers and truth values must be quoted where text is meant."""
    if isinstance(value, str):
        return value
    shown = {list: "a list", dict: "a mapping", type(None): "nothing"}.get(type(value), str(value))
    # In the file's spelling: Python says True where YAML says true.
    quote = f'write "{str(value).lower()}"' if isinstance(value, bool | int | float) else ""
    raise refused(Mistake(0, f"text is expected here, not {shown}", quote))


@dataclass(frozen=True, slots=True)
class Condition(FieldCheck):
    """An expression of the condition language.

    `host`: it may read host facts; `own`: what the step captures; `literal`: a plain number or truth value will do;
    `word` is a word that is left as it is.
    """

    host: bool = False
    own: bool = False
    literal: bool = False
    word: str = ""

    def check(self, value: Any, validation: core_schema.ValidationInfo[Any]) -> Expression | str:
        """Return the parsed expression, or the word."""
        if self.literal and isinstance(value, bool | int | float):
            return parse_condition(repr(value))
        text = checked_text(value)
        if self.word and text == self.word:
            return text
        expression = _parsed(text)
        scope = scope_of(validation)
        mistakes = tuple(scope.mistakes(expression, host=self.host, own=self.own)) if isinstance(scope, Scope) else ()
        if mistakes:
            raise refused(*mistakes)
        return expression

    def schema(self) -> JsonSchema:
        """Return the JSON Schema: text, or what else is allowed."""
        return {"type": ["string", "number", "boolean"]} if self.literal else {"type": "string", "maxLength": 500}


def _parsed(text: str) -> Expression:
    """Return the parsed expression; raises the mistake with its offset."""
    try:
        return parse_condition(text)
    except ConditionError as error:
        # The parser counts from the first character that is no space.
        lost = len(text) - len(text.lstrip())
        raise refused(Mistake(lost + max(error.column - 1, 0), str(error))) from None


@dataclass(frozen=True, slots=True)
class Duration(FieldCheck):
    """A length of time with its unit; the value is in seconds."""

    def check(self, value: Any, validation: core_schema.ValidationInfo[Any]) -> float:  # noqa: ARG002 - one shape for all
        """Return seconds."""
        try:
            return seconds(value)
        except ValueError:
            remedy = f"write {value}s" if isinstance(value, int | float) and not isinstance(value, bool) else ""
            raise refused(Mistake(0, f"{value} is not a duration", remedy or "like 500ms, 5s, 10m or 1h")) from None

    def schema(self) -> JsonSchema:
        """Return the JSON Schema."""
        return {"type": "string", "pattern": f"^{DURATION.pattern}$", "examples": ["500ms", "5s", "10m", "1h"]}


@dataclass(frozen=True, slots=True)
class Pattern(FieldCheck):
    """A regular expression."""

    def check(self, value: Any, validation: core_schema.ValidationInfo[Any]) -> str:  # noqa: ARG002 - one shape for all
        """Return the pattern's text if it compiles."""
        text = checked_text(value)
        if len(text) > MAX_PATTERN_LENGTH:
            raise refused(Mistake(0, f"a pattern of more than {MAX_PATTERN_LENGTH} characters"))
        try:
            re.compile(text)
        except re.error as error:
            raise refused(Mistake(error.pos or 0, f"not a regular expression: {error.msg}")) from None
        return text

    def schema(self) -> JsonSchema:
        """Return the JSON Schema."""
        return {"type": "string", "format": "regex", "maxLength": MAX_PATTERN_LENGTH}


@dataclass(frozen=True, slots=True)
class Known(FieldCheck):
    """A name out of a set that the caller hands over in the validation's context under `words`."""

    words: str
    what: str

    def check(self, value: Any, validation: core_schema.ValidationInfo[Any]) -> str:
        """Return the name if the set has it, or if no set was handed over."""
        text = checked_text(value)
        known = (validation.context or {}).get(self.words)
        if known is not None and text not in known:
            raise refused(Mistake(0, f"no {self.what} is called {text}", did_you_mean(text, known)))
        return text

    def schema(self) -> JsonSchema:
        """Return the JSON Schema; the generator puts the known names in."""
        return {"type": "string", "x-words": self.words}


@dataclass(frozen=True, slots=True)
class ShortForm:
    """A mapping that may be written as the value of its one important field."""

    field: str

    def __get_pydantic_core_schema__(self, source: Any, inner: GetCoreSchemaHandler) -> CoreSchema:
        def widen(value: Any) -> Any:
            """Return the long form."""
            return value if isinstance(value, dict) else {self.field: value}

        return core_schema.no_info_before_validator_function(widen, inner(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, inner: GetJsonSchemaHandler) -> JsonSchema:
        return {"anyOf": [{"type": "string"}, inner(schema)]}


@dataclass(frozen=True, slots=True)
class OneOrMany:
    """A list that may be written as its only element."""

    def __get_pydantic_core_schema__(self, source: Any, inner: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_listed, inner(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, inner: GetJsonSchemaHandler) -> JsonSchema:
        many = inner(schema)
        return {"anyOf": [many["items"], many]}


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Text = Annotated[str, StringConstraints(min_length=1), BeforeValidator(checked_text)]
"""Text that is not empty."""
# Without Strict pydantic takes "yes" and 1 for true as well.
Truth = Annotated[bool, Strict()]
"""true or false, and no other spelling."""
Whole = Annotated[int, Strict()]
"""A whole number."""
# pydantic's patterns are Rust's: $ is the very end there, not before a last newline as in Python.
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
"""A name that conditions can read."""
Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$"), BeforeValidator(checked_text)]
"""A name in lower case with dashes."""
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Z_][A-Z0-9_]*$")]
"""The name of an environment variable."""
Pointer = Annotated[str, StringConstraints(pattern=r"^(/.*)?$"), BeforeValidator(checked_text)]
"""A JSON pointer (RFC 6901)."""
Seconds = Annotated[float, Duration()]
"""A duration, in seconds."""
Regex = Annotated[str, Pattern()]
"""A regular expression."""

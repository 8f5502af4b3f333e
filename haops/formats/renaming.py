"""The same value with other names in its conditions.

Owns the substitution that an included runbook needs: its captures and decisions get its step's id in front, its inputs
become what they were given. Must never evaluate.
"""

import dataclasses
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from pydantic import BaseModel

from haops.core.conditions import Expression, parse_condition
from haops.core.runbook import Option

Names = Mapping[str, str]
"""A name in a condition -> the text that takes its place."""


@singledispatch
def renamed(value: Any, names: Names) -> Any:
    """Return the value with the names in every condition inside it replaced.

    Raises ConditionError if a condition becomes too long.
    """
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    fields = {field.name: renamed(getattr(value, field.name), names) for field in dataclasses.fields(value)}
    return dataclasses.replace(value, **fields)


@renamed.register
def _(value: Expression, names: Names) -> Expression:
    return parse_condition(replaced(value, names))


@renamed.register
def _(value: Option, names: Names) -> Option:
    loses = value.loses
    for name, text in names.items():
        # Only a name is filled in later; anything else stands there as it was given.
        loses = loses.replace("{" + name + "}", "{" + text + "}" if text.replace(".", "_").isidentifier() else text)
    return dataclasses.replace(value, when=renamed(value.when, names), loses=loses)


@renamed.register
def _(value: BaseModel, names: Names) -> BaseModel:
    # Not validated again: names of the including runbook are not known to these fields.
    return value.model_copy(update={name: renamed(getattr(value, name), names) for name in type(value).model_fields})


@renamed.register(tuple)
@renamed.register(list)
def _(value: Any, names: Names) -> Any:
    return type(value)(renamed(entry, names) for entry in value)


@renamed.register(dict)
def _(value: dict[Any, Any], names: Names) -> dict[Any, Any]:
    return {key: renamed(entry, names) for key, entry in value.items()}


def replaced(expression: Expression, names: Names) -> str:
    """Return the condition's text with the names replaced."""
    text, end = "", 0
    for occurrence in expression.occurrences():
        text += expression.text[end : occurrence.begin] + names.get(occurrence.name, occurrence.name)
        end = occurrence.end
    return text + expression.text[end:]

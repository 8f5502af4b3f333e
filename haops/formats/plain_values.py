"""Core values as plain JSON values: what `--json` prints of runbooks.

Owns how a value of the core looks in JSON: a condition is its text, a record its fields. Must never read JSON back.
"""

import dataclasses
from collections.abc import Mapping
from enum import Enum
from functools import singledispatch
from typing import Any

from pydantic import BaseModel

from haops.core.conditions import Expression


@singledispatch
def plain(value: Any) -> Any:
    """Return the value as dicts, lists, text, numbers, truth values and None."""
    # A dataclass itself counts as one too; only what is made of it has values.
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value if isinstance(value, str | int | float | bool | None) else str(value)


@plain.register
def _(value: Expression) -> str:
    return value.text


@plain.register
def _(value: Enum) -> Any:
    return value.value


@plain.register
def _(value: BaseModel) -> dict[str, Any]:
    return {name: plain(getattr(value, name)) for name in type(value).model_fields}


@plain.register(Mapping)
def _(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): plain(entry) for key, entry in value.items()}


@plain.register(tuple)
@plain.register(list)
@plain.register(frozenset)
def _(value: Any) -> list[Any]:
    return [plain(entry) for entry in value]

"""From a failed validation to problems that a person can act on.

Owns the sentences for mistakes in form. Must never find mistakes itself.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from haops.errors import Problem
from haops.formats.fields import adapter_of
from haops.formats.suggestions import did_you_mean
from haops.formats.yaml_places import Path
from haops.formats.yaml_source import YamlSource

_SENTENCES: Mapping[str, tuple[str, str]] = {
    "string_type": ("text is expected here", "put it in quotes"),
    "bool_type": ("true or false is expected here", "write true or false, without quotes"),
    "int_type": ("a whole number is expected here", "write it without quotes"),
    "float_type": ("a number is expected here", "write it without quotes"),
    "tuple_type": ("a list is expected here", "write [a, b], or one entry per line after '- '"),
    "list_type": ("a list is expected here", "write [a, b], or one entry per line after '- '"),
    "dict_type": ("a mapping is expected here", "write key: value lines below it"),
    "model_type": ("a mapping is expected here", "write key: value lines below it"),
    "model_attributes_type": ("a mapping is expected here", "write key: value lines below it"),
    "string_too_short": ("it is empty", "say something, or leave the key out"),
    "too_short": ("it is empty", "add at least one entry"),
}


def distinct(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems in the order of the file, each once: two rules may find the same mistake."""
    once: dict[tuple[str, int, int, str], Problem] = {}
    for problem in problems:
        once.setdefault((problem.file, problem.line, problem.column, problem.message), problem)
    return tuple(sorted(once.values(), key=lambda problem: (problem.file, problem.line, problem.column)))


def report_mistakes(source: YamlSource, base: Path, model: Any, error: ValidationError) -> None:
    """Note every mistake of a failed validation of what stands at `base`."""
    details = error.errors(include_url=False)
    for detail in details:
        if _is_other_form(detail, details, source, base) or (detail["type"] == "too_short" and detail["input"]):
            continue  # a list whose entries are all wrong counts as empty, but nobody wrote an empty list
        speak = _SPEAKERS.get(detail["type"], _plainly)
        speak(source, (*base, *detail["loc"]), model, detail)


def _is_other_form(detail: ErrorDetails, details: list[ErrorDetails], source: YamlSource, base: Path) -> bool:
    """Return whether a mistake only says that a value is not another form that it could have had.

    Validation tries every form of a field. The one that fails inside is the one that was meant; if none does, one
    mistake stands for all.
    """
    if not detail["type"].endswith("_type"):
        return False
    at = source.places.written((*base, *detail["loc"]))
    before = details[: details.index(detail)]
    for other in details:
        there = source.places.written((*base, *other["loc"]))
        if other in before and there == at and other["type"].endswith("_type"):
            return True
        if isinstance(detail["input"], dict) and other is not detail and there[: len(at)] == at:
            return True
    return False


def _missing(source: YamlSource, path: Path, _model: Any, _detail: ErrorDetails) -> None:
    source.report(path[:-1], f"{path[-1]} is missing")


def _extra(source: YamlSource, path: Path, model: Any, detail: ErrorDetails) -> None:
    """Note a key that is no field, with the field that was probably meant."""
    known = fields_at(adapter_of(model).json_schema(), detail["loc"][:-1])
    source.report_key(path, f"{path[-1]} is no field here", did_you_mean(str(path[-1]), known))


def _own(source: YamlSource, path: Path, _model: Any, detail: ErrorDetails) -> None:
    """Note the mistakes that one of our own checks found, each at its character."""
    for mistake in detail.get("ctx", {}).get("mistakes", ()):
        source.report(path, mistake.message, mistake.remedy, offset=mistake.offset)


def _word(source: YamlSource, path: Path, _model: Any, detail: ErrorDetails) -> None:
    """Note a word that is none of those allowed."""
    # pydantic hands the allowed words over in one sentence.
    allowed = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
    source.report(path, f"{detail['input']} is not allowed here", did_you_mean(str(detail["input"]), allowed))


def _name(source: YamlSource, path: Path, _model: Any, detail: ErrorDetails) -> None:
    """Note a text, or a key, that does not have the form of a name."""
    # So pydantic marks a mistake in the key of a mapping.
    is_key = path[-1:] == ("[key]",)
    report = source.report_key if is_key else source.report
    pattern = detail.get("ctx", {}).get("pattern", "")
    report(path[:-1] if is_key else path, f"{detail['input']} is not written as a name", f"it must match {pattern}")


def _plainly(source: YamlSource, path: Path, _model: Any, detail: ErrorDetails) -> None:
    """Note anything else in the validation's own words, or in ours where we have any."""
    message, remedy = _SENTENCES.get(detail["type"], (detail["msg"].replace("Input should be", "it must be"), ""))
    source.report(path, message, remedy)


_SPEAKERS: Mapping[str, Callable[[YamlSource, Path, Any, ErrorDetails], None]] = {
    "missing": _missing,
    "extra_forbidden": _extra,
    "mistake": _own,
    "enum": _word,
    "literal_error": _word,
    "string_pattern_mismatch": _name,
}


def fields_at(schema: Mapping[str, Any], location: tuple[int | str, ...]) -> frozenset[str]:
    """Return the names of the fields that a JSON Schema knows at a location."""
    definitions = schema.get("$defs", {})
    nodes = list(_variants(schema, definitions))
    for part in location:
        below = [child for node in nodes for child in _below(node, part)]
        # A location also names variants that are no fields: they lead nowhere, and the search stays.
        nodes = [variant for child in below for variant in _variants(child, definitions)] or nodes
    return frozenset(name for node in nodes for name in node.get("properties", {}))


def _variants(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a node, or what it refers to, or each of the forms that it may have."""
    if "$ref" in node:
        yield from _variants(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
        return
    yield node
    for variant in (*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())):
        yield from _variants(variant, definitions)


def _below(node: Mapping[str, Any], part: int | str) -> Iterator[Mapping[str, Any]]:
    """Yield what a node says about one of its entries."""
    if part in node.get("properties", {}):
        yield node["properties"][part]
    if isinstance(node.get("additionalProperties"), dict):
        yield node["additionalProperties"]
    yield from node.get("patternProperties", {}).values()
    if isinstance(node.get("items"), dict):
        yield node["items"]

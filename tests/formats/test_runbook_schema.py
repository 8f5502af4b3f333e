import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from jsonschema import Draft202012Validator
from runbook_words import KINDS, words

from haops.core.capture import FORMS
from haops.formats.input_values import INPUT_FORMS
from haops.formats.inventory_document import InventoryDocument
from haops.formats.runbook_document import (
    CaptureType,
    IncludeDocument,
    InputType,
    RunbookDocument,
    StepDocument,
)
from haops.formats.runbook_schema import inventory_schema, runbook_schema
from haops.formats.yaml_source import read_yaml
from haops.runtime import library

EXAMPLE = Path(__file__).with_name("quorum.yaml")
RUNBOOKS = Path(__file__).parents[2] / "runbooks"


def fields_of(schema: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every field of a schema and of its definitions with its dotted name."""
    for name, field in schema.get("properties", {}).items():
        yield f"{above}{name}", field
        yield from fields_of(field, f"{above}{name}.")
        yield from fields_of(field.get("items", {}), f"{above}{name}.")
    for name, definition in schema.get("$defs", {}).items():
        yield from fields_of(definition, f"{name}.")


def errors(schema: dict[str, Any], value: Any) -> list[str]:
    """Return what a validator says of a value."""
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


@pytest.mark.parametrize(
    "schema", [runbook_schema(library.vocabulary()), inventory_schema()], ids=["runbook", "inventory"]
)
def test_every_field_says_what_it_means(schema: dict[str, Any]) -> None:
    """An editor can explain each field of a file: none is without a description."""
    Draft202012Validator.check_schema(schema)
    silent = [name for name, field in fields_of(schema) if not field.get("description")]
    # The parts of a step kind that several kinds share are explained by the kind.
    assert silent == []


def test_the_schema_has_every_field_of_the_format() -> None:
    """The schema is made of the same definitions that the parser uses, so neither can have a field more."""
    schema = runbook_schema(words())
    step = schema["properties"]["steps"]["items"]
    assert set(step["properties"]) == {*StepDocument.model_fields, *KINDS, "include"}
    assert set(schema["properties"]) == set(RunbookDocument.model_fields)
    assert set(inventory_schema()["properties"]) == set(InventoryDocument.model_fields)
    (_, included) = step["properties"]["include"]["anyOf"]
    assert len(included["properties"]) == len(IncludeDocument.model_fields)


def test_the_schema_names_what_is_known_here() -> None:
    """Signals can be completed by an editor."""
    schema = runbook_schema(words())
    assert schema["$defs"]["AppliesDocument"]["properties"]["for"]["items"]["enum"] == [
        "etcd-quorum-lost",
        "hosts-partitioned",
    ]


@pytest.mark.parametrize("path", [EXAMPLE, *sorted(RUNBOOKS.glob("*.yaml"))], ids=lambda path: path.stem)
def test_the_schema_accepts_what_the_parser_accepts(path: Path) -> None:
    """Files that are right are right for an editor too."""
    vocabulary = words() if path == EXAMPLE else library.vocabulary()
    assert errors(runbook_schema(vocabulary), read_yaml(path.read_bytes(), path.name).value) == []


@pytest.mark.parametrize(
    "damage",
    [
        {"titel": "x"}, {"risk": "distroy"}, {"timeout": "5"}, {"needs": "x"}, {"verify": {"thta": "x"}},
        {"on": {"roles": "x"}}, {"capture": {"a": {"type": "pth"}}}, {"ssh": "x", "local": "y"}, {"ssh": None},
    ],
)  # fmt: skip
def test_the_schema_refuses_what_the_parser_refuses(damage: dict[str, Any]) -> None:
    """An editor marks the common mistakes while they are typed."""
    value = yaml.safe_load("{apiVersion: haops/v1, kind: Runbook, name: x, title: X}")
    value["steps"] = [{"id": "a", "title": "A", "local": "x"}]
    schema = runbook_schema(words())
    assert errors(schema, value) == []
    value["steps"][0] |= damage
    if damage.get("ssh", "") is None:
        del value["steps"][0]["local"]
    assert errors(schema, value)


def test_the_forms_of_values_are_the_same_everywhere() -> None:
    """The types that a file may name are exactly those that can be read."""
    assert set(get_args(CaptureType)) == set(FORMS)
    assert set(get_args(InputType)) == set(INPUT_FORMS)


def test_the_schema_is_json() -> None:
    """It can be written to a file as it is."""
    assert json.loads(json.dumps(runbook_schema(words())))["$schema"].startswith("https://json-schema.org/")

"""The JSON Schema of runbooks and inventories, for editors.

Owns putting the pieces together: each field brings its own piece. Must never list a field by hand.
"""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from haops.formats.fields import adapter_of
from haops.formats.inventory_document import InventoryDocument
from haops.formats.runbook_document import IncludeDocument, RunbookDocument, StepDocument
from haops.formats.runbook_outline import INCLUDE
from haops.formats.vocabulary import Vocabulary

DIALECT = GenerateJsonSchema.schema_dialect
JsonSchema = dict[str, Any]


def runbook_schema(vocabulary: Vocabulary) -> JsonSchema:
    """Return the schema of a runbook file, with the names that are known here."""
    definitions: JsonSchema = {}
    root = _piece(RunbookDocument, definitions)
    step = _piece(StepDocument, definitions)
    kinds = {name: _piece(kind.model, definitions) for name, kind in vocabulary.step_kinds.items()}
    kinds[INCLUDE] = {"anyOf": [{"type": "string"}, _piece(IncludeDocument, definitions)]}
    step["properties"] |= {name: _described(piece, name, definitions) for name, piece in kinds.items()}
    step["oneOf"] = [{"required": [name]} for name in kinds]
    root["properties"]["steps"]["items"] = step
    words = {"signals": vocabulary.signals, "observers": vocabulary.observers}
    schema: JsonSchema = _with_words({"$schema": DIALECT, **root, "$defs": definitions}, words)
    return schema


def inventory_schema() -> JsonSchema:
    """Return the schema of an inventory file."""
    definitions: JsonSchema = {}
    root = _piece(InventoryDocument, definitions)
    schema: JsonSchema = _with_words({"$schema": DIALECT, **root, "$defs": definitions}, {})
    return schema


def _piece(model: Any, definitions: JsonSchema) -> JsonSchema:
    """Return one model's schema; what it refers to goes to the common definitions."""
    schema = adapter_of(model).json_schema(by_alias=True)
    definitions |= schema.pop("$defs", {})
    return schema


def _described(piece: JsonSchema, name: str, definitions: JsonSchema) -> JsonSchema:
    """Return a kind's schema with a description: its own, its model's, or its name."""
    model = definitions.get(piece.get("$ref", "").rsplit("/", 1)[-1], {})
    return {"description": model.get("description", f"A step of the kind {name}."), **piece}


def _with_words(node: Any, words: Mapping[str, frozenset[str]]) -> Any:
    """Return the schema with every reference to a set of names replaced by the names."""
    if isinstance(node, list):
        return [_with_words(entry, words) for entry in node]
    if not isinstance(node, dict):
        return node
    # pydantic makes titles of the fields' names; an editor shows those anyway. `default: null` only says "left out".
    idle = {"x-words"} | {key for key in ("title", "default") if isinstance(node.get(key, 0), str | None)}
    rest = {key: _with_words(entry, words) for key, entry in node.items() if key not in idle}
    known = words.get(str(node.get("x-words")))
    # An empty set of names would allow nothing at all.
    return {**rest, "enum": sorted(known)} if known else rest

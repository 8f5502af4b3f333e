"""Runbooks from files, read with every name that this haops knows.

Owns finding and reading them. Must never interpret YAML (`formats` do) nor remember anything between two calls.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haops.core.facts import FACT_NAMES, HOST_FACT_NAMES
from haops.core.runbook import Runbook
from haops.errors import HaopsError, InputError, Problem
from haops.formats.input_values import read_inputs
from haops.formats.inventory_yaml import lint_inventory
from haops.formats.runbook_lint import lint_runbook
from haops.formats.runbook_yaml import parse_runbook
from haops.formats.vocabulary import Vocabulary
from haops.formats.yaml_source import read_yaml
from haops.observers import OBSERVERS
from haops.runtime.paths import find_file, read_input, shelves
from haops.signals import RULES
from haops.steps import kinds

SHELF = "runbooks"
Loader = Callable[[str], tuple[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One runbook file that was found: what it holds, or why it cannot be read."""

    path: Path
    runbook: Runbook | None = None
    error: HaopsError | None = None


def vocabulary(load_include: Loader | None = None) -> Vocabulary:
    """Return every name that a runbook may use; other runbooks are found as `load_include` says, or by name."""
    return Vocabulary(
        step_kinds=kinds(),
        signals=frozenset(RULES),
        facts=frozenset(FACT_NAMES),
        host_facts=frozenset(HOST_FACT_NAMES),
        observers=frozenset(OBSERVERS),
        load_include=load_include or _loader_beside(Path()),
    )


def load_runbook(name_or_path: str, given: Path | None = None) -> Runbook:
    """Return a runbook. `given` is a directory to look in first.

    Raises RunbookError with every mistake, InputError if there is no such file or it cannot be read.
    """
    path = find_file(name_or_path, SHELF, given)
    return parse_runbook(read_input(path), str(path), vocabulary(_loader_beside(path.parent, given)))


def _loader_beside(directory: Path, given: Path | None = None) -> Loader:
    """Return how an include is found: a path from the directory, else a name from the shelves."""

    def load(name: str) -> tuple[str, bytes]:
        """Return an included runbook's source and bytes."""
        beside = directory / name
        path = beside if beside.is_file() else find_file(name, SHELF, given)
        return str(path), read_input(path)

    return load


def list_runbooks(given: Path | None = None) -> Iterator[Listed]:
    """Yield every runbook that can be called by its name, sorted by name; those that cannot be read too."""
    found: dict[str, Path] = {}
    for shelf in shelves(SHELF, given):
        for path in shelf.glob("*.yaml"):
            # The operator's own stand before those that come with haops.
            found.setdefault(path.stem, path)
    for _, path in sorted(found.items()):
        try:
            yield Listed(path=path, runbook=load_runbook(str(path), given))
        except HaopsError as error:
            yield Listed(path=path, error=error)


def lint_file(name_or_path: str) -> tuple[Problem, ...]:
    """Return every mistake in a runbook or inventory file, and advice; that it cannot be read is one mistake."""
    try:
        path = find_file(name_or_path, SHELF)
        content = read_input(path)
    except InputError as error:
        return (Problem(name_or_path, 0, 0, error.message, error.remedy),)
    written = read_yaml(content, str(path)).value
    # By what it says it is: both kinds of file have the same suffix.
    if isinstance(written, dict) and written.get("kind") == "Inventory":
        return lint_inventory(content, str(path))
    return lint_runbook(content, str(path), vocabulary(_loader_beside(path.parent)))


def given_inputs(runbook: Runbook, given: Iterable[str]) -> dict[str, Any]:
    """Return the values of inputs given as NAME=VALUE, each in the form that the runbook asks for.

    Raises InputError for a name that it does not ask for, a value without its form, or one that is missing.
    """
    return read_inputs(runbook.inputs, dict(_pair(text) for text in given), directory=str(Path.cwd()))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{text!r} is not NAME=VALUE", remedy="--input older_snapshot=/path/to/file.db")
    return name, value

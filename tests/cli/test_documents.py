"""What the documents say is so: commands exist, examples are valid, links lead somewhere."""

import re
from pathlib import Path

import click
import pytest

from haops.cli import COMMANDS, haops
from haops.core.standard_environment import STANDARD_ENVIRONMENT
from haops.formats.inventory_yaml import parse_inventory
from haops.formats.runbook_yaml import parse_runbook
from haops.runtime.library import vocabulary

TOP = Path(__file__).parents[2]
DOCUMENTS = [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").glob("*.md"))]


def blocks(path: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language, without the indentation of a list."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def commands_named(text: str) -> set[str]:
    """Return the words that follow `haops` where it stands as a command."""
    return set(re.findall(r"(?:`|bin/)haops ([a-z]+)", text))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_named_exists(path: Path) -> None:
    """No document names a command that haops does not have."""
    assert commands_named(path.read_text(encoding="utf-8")) <= set(COMMANDS)


def test_every_command_stands_in_the_readme() -> None:
    """Whoever reads the README meets every command."""
    named = commands_named((TOP / "README.md").read_text(encoding="utf-8"))
    assert set(COMMANDS) <= named


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    """`haops COMMAND --help` says what the command does and what each option means."""
    context = click.Context(haops)
    command = haops.get_command(context, name)
    assert command is not None
    assert command.help
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert all(option.help for option in options)


def test_inventories_in_the_documents_are_valid() -> None:
    """Every inventory that is shown can be used as it stands, but for its paths and addresses."""
    shown = [text for path in DOCUMENTS for text in blocks(path, "yaml") if "kind: Inventory" in text]
    assert len(shown) >= 2
    for text in shown:
        assert parse_inventory(text.encode(), "/tmp/prod.yaml", home="/home/ops").cluster == "prod-eu"


def test_runbooks_in_the_documents_are_valid() -> None:
    """Every runbook that is shown has no mistake."""
    shown = [text for path in DOCUMENTS for text in blocks(path, "yaml") if "kind: Runbook" in text]
    assert shown
    for text in shown:
        assert parse_runbook(text.encode(), "shown.yaml", vocabulary()).steps


def test_the_standard_variables_stand_in_the_document_on_runbooks() -> None:
    """Whoever writes a script finds every variable that it gets without asking."""
    text = (TOP / "docs" / "runbooks.md").read_text(encoding="utf-8")
    assert [name for name, meaning in STANDARD_ENVIRONMENT.items() if f"| `{name}` | {meaning} |" not in text] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    """A relative link in a document names a file that is there."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []

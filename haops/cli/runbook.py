"""`haops runbook`: look at runbooks, check them, and see what they would do, without touching any cluster.

Owns the options and the exit codes. A runbook is named by its name or by the path of its file. Must never connect to
anything.
"""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haops.cli import options

if TYPE_CHECKING:
    from haops.core.runbook import Runbook

_EXIT_MISTAKES = 3

_name = click.argument("name")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _print_codes(context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's way
    """Print what each code of advice means, and leave."""
    if not value:
        return
    from haops.formats.runbook_lint import CODES  # noqa: PLC0415 - `haops --help` must not wait

    for code, meaning in CODES.items():
        click.echo(f"{code:<20} {meaning}")
    context.exit()


@click.group()
def runbook() -> None:
    """List, show, check and plan runbooks. NAME is a runbook's name or the path of its file."""


@runbook.command("list")
@_json
def list_command(*, as_json: bool) -> None:
    """List the runbooks that can be called by their names."""
    from haops.cli.runbook_text import listed_line, listed_object  # noqa: PLC0415 - `haops --help` must not wait
    from haops.runtime.library import list_runbooks  # noqa: PLC0415 - as above

    found = list(list_runbooks())
    if as_json:
        _print_json([listed_object(entry) for entry in found])
        return
    for entry in found:
        click.echo(listed_line(entry))
    if not found:
        click.echo("No runbooks. Put one into the directory runbooks beside your settings.")


@runbook.command()
@_name
@_json
def show(*, name: str, as_json: bool) -> None:
    """Print what a runbook is for and what its steps do."""
    from haops.cli.runbook_text import show_lines  # noqa: PLC0415 - as above
    from haops.formats.plain_values import plain  # noqa: PLC0415 - as above

    book = _load(name)
    if as_json:
        _print_json(plain(book))
        return
    for line in show_lines(book):
        click.echo(line)


# short_help: of a longer first sentence click cuts the end in the list of commands.
@runbook.command(short_help="Check runbook and inventory files.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--strict", is_flag=True, help="Take advice for mistakes.")
# Eager: it answers before click misses FILE.
@click.option("--codes", is_flag=True, is_eager=True, expose_value=False, callback=_print_codes, help="Explain codes.")
@_json
@click.pass_context
def lint(context: click.Context, /, *, files: tuple[str, ...], strict: bool, as_json: bool) -> None:
    """Check runbook and inventory files: every mistake with its place, and advice with a code in brackets.

    Exit status 0 without mistakes, 3 with any.
    """
    from haops.cli.runbook_text import problem_line  # noqa: PLC0415 - as above
    from haops.formats.plain_values import plain  # noqa: PLC0415 - as above
    from haops.runtime.library import lint_file  # noqa: PLC0415 - as above

    problems = [problem for file in files for problem in lint_file(file)]
    mistakes = [problem for problem in problems if strict or problem.severity == "error"]
    if as_json:
        _print_json(plain(problems))
    else:
        for problem in problems:
            click.echo(problem_line(problem))
        click.echo(f"{len(mistakes)} to correct, {len(problems) - len(mistakes)} to consider", err=True)
    context.exit(_EXIT_MISTAKES if mistakes else 0)


@runbook.command()
@_name
@click.option("--dot", is_flag=True, help="Print it in Graphviz's language.")
@_json
def graph(*, name: str, dot: bool, as_json: bool) -> None:
    """Draw which step waits for which, from top to bottom."""
    from haops.cli.runbook_text import graph_lines, graph_object  # noqa: PLC0415 - as above
    from haops.core.text import visible  # noqa: PLC0415 - as above
    from haops.formats.graph_drawing import as_dot  # noqa: PLC0415 - as above

    book = _load(name)
    if as_json:
        _print_json(graph_object(book))
    elif dot:
        # Whoever wrote the runbook must not steer the terminal.
        click.echo(visible(as_dot(book), keep_newlines=True))
    else:
        for line in graph_lines(book):
            click.echo(line)


@runbook.command(short_help="Show what would run where on a cluster.")
@_name
@options.cluster
@options.runbook_inputs
@_json
def plan(*, name: str, inventory: Path, given: tuple[str, ...], as_json: bool) -> None:
    """Show every host, script, variable and guard that would be used on a cluster, without touching it."""
    from haops.cli.runbook_text import plan_lines, plan_object  # noqa: PLC0415 - as above
    from haops.runtime.inputs import input_facts  # noqa: PLC0415 - as above
    from haops.runtime.inventories import load_inventory  # noqa: PLC0415 - as above
    from haops.runtime.library import given_inputs  # noqa: PLC0415 - as above
    from haops.runtime.runbook_plan import preview_runbook  # noqa: PLC0415 - as above

    book, cluster = _load(name), load_inventory(inventory)
    values = input_facts(book.inputs, given_inputs(book, given), now_s=time.time())
    previews = list(preview_runbook(book, cluster, values))
    if as_json:
        _print_json(plan_object(book, cluster, previews))
        return
    for line in plan_lines(book, cluster, previews):
        click.echo(line)


@runbook.command(short_help="Print the JSON Schema, for editors.")
@click.option("--inventory", is_flag=True, help="The schema of inventories instead.")
@click.option("--json", "as_json", is_flag=True, help="Said for likeness: a schema is always JSON.")
def schema(*, inventory: bool, as_json: bool) -> None:
    """Print the JSON Schema of runbooks, for editors; the names of signals and observers are in it."""
    del as_json
    from haops.formats.runbook_schema import inventory_schema, runbook_schema  # noqa: PLC0415 - as above
    from haops.runtime.library import vocabulary  # noqa: PLC0415 - as above

    _print_json(inventory_schema() if inventory else runbook_schema(vocabulary()))


def _load(name: str) -> "Runbook":
    """Return a runbook by name or path. Raises RunbookError, InputError."""
    from haops.runtime.library import load_runbook  # noqa: PLC0415 - as above

    return load_runbook(name)


def _print_json(value: Any) -> None:
    # ASCII, so that no terminal acts on what a file holds.
    click.echo(json.dumps(value, indent=2))

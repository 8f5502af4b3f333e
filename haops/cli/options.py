"""Options that several commands have, so that they are called and explained alike everywhere."""

from pathlib import Path

import click

_INVENTORY = click.Path(path_type=Path, readable=False)
# Whether the file can be read is found out by reading it: that error says more, and ends with the exit code of files.
optional_cluster = click.option("-c", "--cluster", "inventory", type=_INVENTORY, help="The cluster's inventory file.")
"""`-c FILE`, for a command that can do without."""
cluster = click.option(
    "-c", "--cluster", "inventory", required=True, type=_INVENTORY, help="The cluster's inventory file."
)
"""`-c FILE`, for a command that is about a cluster."""
runbook_inputs = click.option(
    "-i",
    "--input",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="An input of the runbook; `haops runbook show` names them.",
)
"""`-i NAME=VALUE`, as often as there are inputs; `runtime.inputs` reads them."""

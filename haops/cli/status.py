"""`haops status -c INVENTORY`: the panes once, as text or JSON. Writes no journal: nothing is decided here."""

import json
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haops.cli import options
from haops.errors import EXIT_NOT_MET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haops.core.view import View

# A host that is gone takes this long to be known as gone.
_FIRST_LOOK_S = 6.0
_FALLBACK_SIZE = (80, 24)


@click.command(
    epilog="""\b
Examples:
  haops status -c prod.yaml
  haops status -c prod.yaml --json | jq .signals
  haops status -c prod.yaml --watch --every 10"""
)
@options.cluster
@click.option("--watch", is_flag=True, help="Again and again, until Ctrl-C.")
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    default=2.0,
    show_default=True,
    help="Pause between looks with --watch.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (with --watch: one a line).")
def status(inventory: Path, *, watch: bool, every_s: float, as_json: bool) -> None:
    """Show what is true about a cluster: members, API servers, hosts, leases, nodes, signals.

    Exit code 0: no critical signal; 9: at least one.
    """
    from haops.cli.secrets_prompt import ask_secret  # noqa: PLC0415 - heavy, and not needed for --help
    from haops.runtime.glance import Glance  # noqa: PLC0415
    from haops.runtime.inventories import load_inventory  # noqa: PLC0415

    with Glance(load_inventory(inventory), ask_secret) as glance:
        view = glance.first(within_s=_FIRST_LOOK_S)
        _print(view, as_json=as_json)
        while watch:
            time.sleep(every_s)
            view = glance.view()
            _print(view, as_json=as_json)
    sys.exit(EXIT_NOT_MET if any(signal.severity == "critical" for signal in view.signals) else 0)


def _print(view: "View", *, as_json: bool) -> None:
    """Print one look."""
    if as_json:
        print(json.dumps(_as_json(view)), flush=True)
    else:
        print("\n".join(_as_text(view, shutil.get_terminal_size(_FALLBACK_SIZE).columns)), flush=True)


def _as_text(view: "View", width: int) -> "Iterator[str]":
    """Yield the sentence and every pane."""
    from haops.ui.panes import all_panes  # noqa: PLC0415 - presenters only; no screen is drawn
    from haops.ui.presenters.sentence import sentence  # noqa: PLC0415
    from haops.ui.presenters.tables import table_lines  # noqa: PLC0415

    yield sentence(view)[0].plain
    for pane in all_panes():
        # Steps belong to a session, and there is none here.
        if pane.kinds or pane.name == "signals":
            lines = table_lines(pane.table(view), width)
            if lines:
                yield ""
                yield pane.heading(view).plain
                yield from (line.plain.rstrip() for line in lines)


def _as_json(view: "View") -> dict[str, Any]:
    """Return one look as JSON values."""
    seen = [
        {
            "kind": kind.value,
            "subject": subject,
            "observed_at": sight.newest.observed_at.isoformat(),
            "age_s": round(view.monotonic_s - sight.newest.monotonic_s, 3),
            "source": sight.newest.source,
            "error": sight.newest.error,
            "value": asdict(sight.newest.value) if sight.newest.ok else None,
        }
        for (kind, subject), sight in view.picture.sights.items()
    ]
    return {
        "cluster": view.inventory.cluster,
        "at": view.now.isoformat(),
        "signals": [asdict(signal) for signal in view.signals],
        "facts": dict(view.facts),
        "observations": seen,
    }

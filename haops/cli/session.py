"""`haops session -c INVENTORY`: an incident on a real cluster; `--resume` goes on with one."""

from pathlib import Path

import click

from haops.errors import InputError


@click.command()
@click.option("-c", "--cluster", "inventory", type=click.Path(path_type=Path), help="Inventory file of the cluster.")
@click.option("-r", "--resume", "resumed", metavar="SESSION", help="Go on with a session: its id or journal.")
def session(inventory: Path | None, resumed: str | None) -> None:
    """See what is true about a cluster, find the runbook that fits, and run it step by step.

    Leaving the screen leaves the session: what runs on hosts goes on, and `haops` offers to go on with it.
    """
    from haops.cli.screen import need_terminal, show_session  # noqa: PLC0415 - heavy
    from haops.cli.secrets_prompt import PromptBesideScreen  # noqa: PLC0415
    from haops.runtime import sessions  # noqa: PLC0415
    from haops.runtime.library import list_runbooks, load_inventory  # noqa: PLC0415
    from haops.runtime.paths import find_session  # noqa: PLC0415

    if (inventory is None) == (resumed is None):
        raise InputError("say which cluster, or which session to go on with", remedy="-c prod.yaml, or --resume ID")
    need_terminal("`haops run RUNBOOK -c prod.yaml`, which works line by line")
    runbooks = tuple(listed.runbook for listed in list_runbooks() if listed.runbook)
    prompt = PromptBesideScreen()
    if resumed is not None:
        engine = sessions.resume(find_session(resumed), runbooks=runbooks, prompt=prompt)
    else:
        engine = sessions.begin(load_inventory(str(inventory)), runbooks=runbooks, prompt=prompt)
    show_session(engine, prompt=prompt)
    print(f"The session waits: haops session --resume {engine.view().session.id}")

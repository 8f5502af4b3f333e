"""`haops session -c INVENTORY`: an incident on a real cluster; `--resume` goes on with one."""

from pathlib import Path

import click

from haops.cli import options


@click.command(
    epilog="""\b
Examples:
  haops session -c prod.yaml
  haops session --resume 20261121-1513   the beginning of its id will do"""
)
@options.optional_cluster
@click.option("-r", "--resume", "resumed", metavar="SESSION", help="Go on with a session: its id or journal.")
def session(inventory: Path | None, resumed: str | None) -> None:
    """See what is true about a cluster, find the runbook that fits, and run it step by step.

    Leaving the screen leaves the session: what runs on hosts goes on, and `haops` offers to go on with it.
    """
    from haops.cli.opening import beginning, resuming  # noqa: PLC0415 - `haops --help` stays fast
    from haops.cli.screen import need_terminal, show_session  # noqa: PLC0415 - as above
    from haops.cli.secrets_prompt import PromptBesideScreen  # noqa: PLC0415 - as above

    if (inventory is None) == (resumed is None):
        raise click.UsageError("say which cluster (-c prod.yaml), or which session to go on with (--resume ID)")
    need_terminal("`haops run RUNBOOK -c prod.yaml`, which works line by line")
    prompt = PromptBesideScreen()
    # Without a session to resume there is a file; the type checker cannot know.
    opening = resuming(resumed, prompt) if resumed is not None else beginning(Path(str(inventory)), prompt)
    show_session(opening, prompt=prompt)
    session_left = opening.session.view().session if opening.session else None
    # One that was closed waits for nobody: it cannot be opened again.
    if session_left is not None and session_left.is_open:
        print(f"The session waits: haops session --resume {session_left.id}")

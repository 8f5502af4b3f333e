"""A host that refuses to begin an attempt, and one that refuses to tell of it: neither is the attempt's own outcome."""

import os
import secrets
from pathlib import Path

import pytest

from haops.connectors.detached.link import Conversation, Deadline
from haops.connectors.detached.shell import ScriptShell
from haops.connectors.local import LocalLink
from haops.connectors.seam import AttemptReport, Order, RemoteState
from haops.errors import ConnectFailed, ConnectionLost, RemoteFailed

NOTHING_RUNS = "sh -c 'echo cannot fork >&2; exit 254'"
SUDO_REFUSES = "sh -c 'echo sudo: a password is required >&2; exit 1'"


class FailingLink(LocalLink):
    """This machine, on which all but some of the programs cannot be started: something else comes, or an error."""

    def __init__(self, instead: str, *, spared: tuple[int, ...]) -> None:
        self._instead = instead
        self._spared = spared
        self._starts = 0

    def start(self, command: str, deadline: Deadline) -> Conversation:  # type: ignore[override]
        """Start it, or what comes instead."""
        self._starts += 1
        if self._starts in self._spared:
            return super().start(command, deadline)
        if not self._instead:
            raise ConnectFailed("refused", where="local")
        return super().start(self._instead, deadline)


def launch(link: FailingLink, directory: Path, script: str) -> AttemptReport:
    """Launch a script over the link."""
    shell = ScriptShell(link, attempts_directory=str(directory))
    order = Order(attempt_id=secrets.token_hex(16), script=script)
    return shell.launch(order, timeout_s=20, on_accepted=lambda: None, on_output=lambda _piece: None)


@pytest.mark.parametrize("instead", [NOTHING_RUNS, SUDO_REFUSES, ""])
def test_a_look_that_fails_does_not_end_the_waiting(tmp_path: Path, instead: str):
    """A host that starts no second program while a step runs has not failed the step: its end is still awaited."""
    report = launch(FailingLink(instead, spared=(1,)), tmp_path, "sleep 0.7; echo done")
    assert (report.state, report.exit_status, report.stdout) == (RemoteState.DONE, 0, b"done\n")


@pytest.mark.parametrize("instead", [NOTHING_RUNS, SUDO_REFUSES, ""])
def test_an_end_that_cannot_be_asked_is_a_lost_connection(tmp_path: Path, instead: str):
    """What began is never reported as refused or not started, which would have it run again, nor as failed."""
    with pytest.raises(ConnectionLost, match="it began"):
        launch(FailingLink(instead, spared=(1, 2)), tmp_path, "head -c 2000000 /dev/zero")


def test_attempts_are_not_kept_where_someone_else_could_change_them(tmp_path: Path):
    """A directory of attempts that belongs to another user is refused: its owner could change the script in it."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    os.chown(tmp_path, 4711, -1)
    with pytest.raises(RemoteFailed, match="belongs to someone else"):
        launch(FailingLink("", spared=(1,)), tmp_path, "true")
    assert list(tmp_path.iterdir()) == []

"""The two ways in which a session on a real cluster is opened behind its first frame: begun, or gone on with.

Owns these late imports. Must never open anything before the screen asks for it.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from haops.runtime.opening import Opening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haops.connectors.secrets import SecretPrompt
    from haops.core.runbook import Runbook
    from haops.runtime.engine import Engine
    from haops.runtime.read_ahead import ReadAhead


def beginning(inventory: Path, prompt: "SecretPrompt") -> Opening:
    """Return a new session on the cluster of an inventory file, to be opened."""
    from haops.runtime.read_ahead import ReadAhead  # noqa: PLC0415 - `haops --help` stays fast

    # Begun now: another process reads the file while the first frame is drawn.
    return Opening(str(inventory), partial(_begin, ReadAhead(inventory), prompt))


def resuming(session: str, prompt: "SecretPrompt") -> Opening:
    """Return a session to be gone on with, by its id or the path of its journal, to be opened."""
    return Opening(f"session {session}", partial(_resume, session, prompt))


def _begin(inventory: "ReadAhead", prompt: "SecretPrompt") -> "Engine":
    from haops.runtime import sessions  # noqa: PLC0415 - the first frame stands by now

    return sessions.begin(inventory.inventory(), runbooks=_runbooks, prompt=prompt)


def _resume(session: str, prompt: "SecretPrompt") -> "Engine":
    from haops.runtime import sessions  # noqa: PLC0415 - as above
    from haops.runtime.paths import find_session  # noqa: PLC0415 - as above

    return sessions.resume(find_session(session), runbooks=_runbooks, prompt=prompt)


def _runbooks() -> "Sequence[Runbook]":
    """Return every runbook that can be read."""
    from haops.runtime.library import list_runbooks  # noqa: PLC0415 - as above

    return tuple(listed.runbook for listed in list_runbooks() if listed.runbook)

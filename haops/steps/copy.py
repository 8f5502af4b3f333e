"""The kind `copy`: a file from a host, or from the bastion, to hosts, checked by its SHA-256 at each end."""

import hashlib
import json
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from haops.core.inventory import BASTION, Inventory
from haops.core.risk import Risk
from haops.core.runbook import Step
from haops.core.session_state import Outcome
from haops.errors import RemoteFailed
from haops.formats.fields import Condition, Document
from haops.steps.kind import Attempting, CommonKind, Result, Variables, may_run_again

_AGAIN = "an incomplete copy leaves nothing; it can be done again"

# Never emptied: a key is a session, a host and a path, and there are few of those.
_fetching: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class Copy(Document):
    """Where the file comes from and where it goes."""

    host: Annotated[Any, Condition(), Field(description='Host that has it, or "local" for the bastion: an expression.')]
    source: Annotated[Any, Condition(), Field(description="Its path there: an expression.")]
    to: Annotated[Any, Condition(host=True), Field(description="Its path on each target: an expression.")]


@dataclass(frozen=True, slots=True)
class CopyKind(CommonKind):
    """Copies a file; complete or not at all, mode 0600. Doing it twice is the same as once."""

    name: str = "copy"
    needs_host: bool = True
    model: Any = Copy
    default_risk: Risk = Risk.CHANGE

    def variables(self, action: Any) -> Variables:
        """Return the three expressions under the names that the preview uses."""
        return {"COPY_FROM_HOST": action.host, "COPY_FROM": action.source, "COPY_TO": action.to}

    def script(self, step: Step, inventory: Inventory) -> str:
        """Return what will be done, in one line."""
        del step, inventory
        return 'copy "$COPY_FROM" of host "$COPY_FROM_HOST" to "$COPY_TO", mode 0600, SHA-256 compared'

    def run(self, attempting: Attempting) -> Result:
        """Bring the file to the bastion once for all targets, then put it on this one."""
        environment = attempting.order.environment
        shell = attempting.connections.shell(attempting.target)
        # First: a target that is not reached is found out before anything is fetched.
        shell.open()
        local, digest = _on_bastion(attempting)
        attempting.dispatch()
        arrived = shell.put_file(str(local), environment["COPY_TO"], timeout_s=attempting.timeout_s)
        if arrived != digest:
            raise RemoteFailed(f"the copy's SHA-256 is {arrived}, not {digest}", where=attempting.target)
        said = json.dumps({"sha256": digest, "size_bytes": local.stat().st_size, "path": environment["COPY_TO"]})
        return Result(outcome=Outcome.SUCCEEDED, evidence=f"SHA-256 {digest}", exit_status=0, stdout=said.encode())

    def probe(self, attempting: Attempting) -> Result | None:
        """Say that it may be done again: a copy that did not complete left nothing."""
        del attempting
        return may_run_again(_AGAIN)

    def probing(self, step: Step, target: str) -> str:
        """Say what a probe does."""
        del step, target
        return f"asks nothing: {_AGAIN}"


def _on_bastion(attempting: Attempting) -> tuple[Path, str]:
    """Return the file on the bastion and its SHA-256, fetching it if no other target has."""
    environment = attempting.order.environment
    source, host = environment["COPY_FROM"], environment["COPY_FROM_HOST"]
    if host == BASTION:
        return Path(source), _sha256(Path(source))
    # A path may hold anything and be longer than a file's name can be.
    key = hashlib.sha256(f"{attempting.order.session_id}\0{host}\0{source}".encode()).hexdigest()
    local = attempting.shared_directory / key
    # Targets run side by side; the file is fetched for the first and read by the rest.
    with _fetching[key]:
        # It is there only when it is whole: fetching gives it its name last.
        if not local.exists():
            shell = attempting.connections.shell(host)
            return local, shell.get_file(source, str(local), timeout_s=attempting.timeout_s)
    return local, _sha256(local)


def _sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


COPY = CopyKind()

"""Asks a host's agent over its socket.

Must never interpret an answer.
"""

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from haops.errors import LabError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call or a command on a host gave: exit status and output."""

    status: int
    stdout: str
    stderr: str

    def checked(self, what: str) -> str:
        """Return standard output. LabError with what was said if the status is not zero."""
        if self.status:
            said = (self.stderr or self.stdout).strip()[-2000:]
            raise LabError(f"{what} failed with exit status {self.status}: {said}")
        return self.stdout


def ask(place: Path, call: str, arguments: Sequence[str], *, timeout_s: float) -> Outcome:
    """Make one call. LabError if the agent does not answer in time, or not at all."""
    request = json.dumps({"call": call, "arguments": list(arguments)}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        try:
            _connect(connection, place)
            connection.sendall(request)
            with connection.makefile("rb") as replies:
                # Nothing at all comes from a host whose power went meanwhile.
                reply = json.loads(replies.readline() or b"null")
        except (OSError, ValueError) as error:
            raise _no_answer(place, call, str(error)) from error
    if reply is None:
        raise _no_answer(place, call, "it hung up")
    return Outcome(reply["status"], reply["stdout"], reply["stderr"])


def _connect(connection: socket.socket, place: Path) -> None:
    # Through the directory's descriptor: the kernel takes 107 bytes, a lab's directory may lie deep.
    directory = os.open(place.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        connection.connect(f"/proc/self/fd/{directory}/{place.name}")
    finally:
        os.close(directory)


def _no_answer(place: Path, call: str, why: str) -> LabError:
    return LabError(
        f"the agent did not answer {call} ({why})", where=place.parent.name, remedy="is the host powered on?"
    )

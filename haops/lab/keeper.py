"""Starts a lab in a process of its own and keeps it: `python -m haops.lab.keeper`, an order on standard input.

Owns the lab's top process, between `haops lab up` and `haops lab down`. Says what happens in JSON lines on standard
output: `say` while it starts, then `up` or `failed` with `exit_code`. Must never outlive its lab.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from haops.errors import EnvironmentLacks, HaopsError, LabError
from haops.lab import namespaces, syscalls
from haops.lab.flavours.flavour import Say
from haops.lab.host_pids import write_host_pids
from haops.lab.running import RunningLab, create_directory, record
from haops.runtime import own_program

_ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_LOG = "lab.log"
_ROOM = "room on the disk of the lab's directory, or another XDG_STATE_HOME"

# Python complains about a child that is forgotten while it runs; these are meant to run on.
_outliving: list["subprocess.Popen[str]"] = []


def start_in_background(
    flavour: str, programs: Mapping[str, Path], say: Say, *, bound: bool = False, openssh: bool | None = None
) -> RunningLab:
    """Start a lab in a session of its own and return when it serves. LabError or EnvironmentLacks if it does not.

    `bound` ties its life to this process: it is killed when this process is gone. For `openssh` see `Lab.start`.
    """
    directory = create_directory()
    order = {
        "flavour": flavour,
        "programs": {name: str(path) for name, path in programs.items()},
        "directory": str(directory),
        "bound": bound,
        "openssh": openssh,
    }
    with (directory / _LOG).open("wb") as log:
        keeper = subprocess.Popen(
            own_program.command("haops.lab.keeper"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            env=own_program.environment(),
        )
    _outliving.append(keeper)
    # Before it serves: a lab whose starter is killed can still be found and ended.
    lab = record(directory, flavour, keeper.pid)
    try:
        _follow(keeper, json.dumps(order), say, directory / _LOG)
    # Ctrl-C as well: a lab that nobody was told of must not go on.
    except BaseException:
        lab.end()
        keeper.wait()
        raise
    return lab


def _follow(keeper: "subprocess.Popen[str]", order: str, say: Say, log: Path) -> None:
    """Pass on what the keeper says until the lab is up. LabError or EnvironmentLacks with what it said if it failed."""
    assert keeper.stdin  # noqa: S101 - narrowed for the type checker; it was opened as a pipe
    assert keeper.stdout  # noqa: S101 - as above
    with keeper.stdin, keeper.stdout:
        print(order, file=keeper.stdin, flush=True)
        for line in keeper.stdout:
            message = json.loads(line)
            if "say" in message:
                say(message["say"])
            elif "failed" in message:
                raise _failure(message["failed"], message["exit_code"])
            else:
                return
    said = log.read_text(errors="replace").strip()[-2000:] or "it said nothing"
    raise LabError(f"the lab's top process ended: {said}", remedy=_ROOM)


def _failure(text: str, exit_code: int) -> HaopsError:
    """Return the error of that exit code, already worded."""
    kinds = [kind for kind in HaopsError.__subclasses__() if kind.exit_code == exit_code]
    return (kinds[0] if kinds else LabError)(text)


def keep() -> None:
    """Read an order, start its lab, and hold it until a signal says that it is over."""
    order = json.loads(sys.stdin.readline())
    try:
        if order["bound"]:
            syscalls.die_with_parent()
        namespaces.enter()
        _start(order)
    except HaopsError as error:
        _tell(failed=str(error), exit_code=error.exit_code)
        sys.exit(error.exit_code)
    except OSError as error:
        # Told here: where the disk is full, a traceback does not reach the lab's log.
        place = error.filename or order["directory"]
        _tell(failed=f"{place}: {error.strerror}. Try: {_ROOM}", exit_code=EnvironmentLacks.exit_code)
        sys.exit(EnvironmentLacks.exit_code)
    # Whoever started the lab reads to the end of this pipe; from here on nothing is to be said.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    signal.sigwait(_ENDING)


def _start(order: Mapping[str, Any]) -> None:
    from haops.lab.lab import Lab  # noqa: PLC0415 - not before the namespaces are entered: it may start threads

    programs = {name: Path(path) for name, path in order["programs"].items()}
    directory = Path(order["directory"])
    lab = Lab.start(
        order["flavour"],
        programs,
        directory,
        lambda line: _tell(say=line),
        cluster=directory.name,
        openssh=order["openssh"],
    )
    write_host_pids(directory, lab.hosts)
    # Before it is said: who hears it may end the lab at once, and that signal must not be lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    _tell(up=str(lab.inventory))


def _tell(**message: str | int) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    keep()

"""Which labs run on this machine for this user: one directory each, with a record of the lab's top process.

Owns those directories. Must never touch one whose top process lives, except to end it.
"""

import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from haops.errors import EnvironmentLacks, InputError, LabError
from haops.lab.bastion_files import BastionFiles
from haops.runtime.paths import state_directory

_RECORD = "lab.json"
_STOP_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningLab:
    """A lab on record. `pid` is its top process, `started_ticks` tells it from a later one of that number."""

    name: str
    flavour: str
    directory: str
    pid: int
    started_ticks: int
    started_at: float

    @property
    def is_alive(self) -> bool:
        """Tell whether its top process still runs."""
        # A pid alone may be another process's by now, after a reboot for sure.
        ticks = _started_ticks(self.pid)
        # No ticks are on record of one that was dead already.
        return ticks > 0 and ticks == self.started_ticks

    @property
    def is_up(self) -> bool:
        """Tell whether it serves; its inventory is the last thing that it writes."""
        return self.is_alive and self.files.inventory.exists()

    @property
    def files(self) -> BastionFiles:
        """Where its inventory and its keys are."""
        return BastionFiles(Path(self.directory))

    @property
    def first_process(self) -> int:
        """The first process inside its namespaces. LabError if it is gone."""
        with suppress(OSError, IndexError, ValueError):
            # proc(5) promises this list only for a process that is stopped; the top process forks once and then waits.
            return int(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0])
        raise LabError("the lab is gone", where=self.name, remedy="haops lab up")

    def end(self) -> None:
        """End it, politely and then at once, and remove its files. LabError if it cannot be ended."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                # Looked at right before, for the number may be another process's by now.
                if self.is_alive:
                    os.kill(self.pid, number)
            if self._ends_within(_STOP_TIMEOUT_S):
                shutil.rmtree(self.directory, ignore_errors=True)
                return
        raise LabError(f"process {self.pid} does not end", where=self.name)

    def _ends_within(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while self.is_alive and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.is_alive


def labs_directory() -> Path:
    """Return where labs have their directories."""
    return state_directory() / "labs"


def create_directory() -> Path:
    """Make the directory of a new lab; its name is the lab's. Raises EnvironmentLacks where none can be made."""
    while True:
        place = labs_directory() / f"lab-{secrets.token_hex(2)}"
        with suppress(FileExistsError):
            try:
                place.mkdir(parents=True, mode=0o700)
            except (PermissionError, FileNotFoundError, NotADirectoryError) as error:
                remedy = "XDG_STATE_HOME=/a/directory/of/yours haops ..."
                raise EnvironmentLacks(f"{error.strerror}", where=str(labs_directory()), remedy=remedy) from None
            return place


def record(directory: Path, flavour: str, pid: int) -> RunningLab:
    """Write down that `pid` is the top process of the lab in `directory`."""
    lab = RunningLab(
        name=directory.name,
        flavour=flavour,
        directory=str(directory),
        pid=pid,
        started_ticks=_started_ticks(pid),
        started_at=time.time(),
    )
    (directory / _RECORD).write_text(json.dumps(asdict(lab)) + "\n")
    return lab


def running_labs() -> Sequence[RunningLab]:
    """Return the labs that are alive, the oldest first; directories of dead ones are removed."""
    alive = []
    for place in labs_directory().glob(f"*/{_RECORD}"):
        # A record that is just being written is passed over, and its directory is left alone.
        with suppress(OSError, ValueError, TypeError):
            lab = RunningLab(**json.loads(place.read_text()))
            if lab.is_alive:
                alive.append(lab)
            else:
                shutil.rmtree(place.parent, ignore_errors=True)
    return sorted(alive, key=lambda lab: lab.started_at)


def find_lab(name: str | None) -> RunningLab:
    """Return the lab of that name, or the only one.

    Raises LabError if none runs, InputError if the name fits none, or is needed to choose one.
    """
    labs = running_labs()
    chosen = [lab for lab in labs if name in {None, lab.name}]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(lab.name for lab in labs)
    if not labs:
        raise LabError("no lab is running", remedy="haops lab up")
    if not chosen:
        raise InputError(f"no lab is called {name}", remedy=f"one of {names}")
    raise InputError("several labs are running", remedy=f"name one of {names}")


def _started_ticks(pid: int) -> int:
    """When the process started, in clock ticks since boot; 0 if there is none, or only its remains."""
    with suppress(OSError, IndexError, ValueError):
        # The program's name stands in brackets and may hold brackets itself.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # proc(5): the start time is field 22; the first two are cut off here.
        return 0 if fields[0] in {"Z", "X"} else int(fields[19])
    return 0

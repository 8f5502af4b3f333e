"""Every fault by name.

To add one: a file beside this one, and a line here.
"""

from collections.abc import Mapping

from haops.lab.faults.cut_hosts import CutHosts
from haops.lab.faults.delete_data_directory import DeleteDataDirectory
from haops.lab.faults.exhaust_restarts import ExhaustRestarts
from haops.lab.faults.fault import Fault
from haops.lab.faults.freeze_process import FreezeProcess
from haops.lab.faults.isolate_host import IsolateHost
from haops.lab.faults.kill_process import KillProcess
from haops.lab.faults.run_command import RunCommand
from haops.lab.faults.stutter import Stutter

_FAULTS: tuple[Fault, ...] = (
    CutHosts(),
    DeleteDataDirectory(),
    ExhaustRestarts(),
    FreezeProcess(),
    IsolateHost(),
    KillProcess(),
    RunCommand(),
    Stutter(),
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _FAULTS}

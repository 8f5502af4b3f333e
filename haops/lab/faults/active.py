"""The faults that are in effect in a lab, and their end: all are undone at the latest when the lab ends.

Owns the order and the record of what was done when. If haops dies, nothing needs to be undone: whatever a fault
touches lives in the lab's namespaces and is gone with them.
"""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from haops.errors import LabError
from haops.lab.faults.fault import Fault, Injection, Parameters, TargetHost, TargetLab, complete_parameters
from haops.lab.faults.registry import FAULTS

_LOOK_EVERY_S = 0.02


@dataclass(slots=True)
class ActiveFault:
    """A fault that was injected. `seen_after_s` is how long it took to be seen, `undone_at` is aware (UTC)."""

    injection: Injection
    seen_after_s: float | None = None
    undone_at: datetime | None = None
    undo_errors: list[str] = field(default_factory=list)


class ActiveFaults:
    """Injects faults into one lab and undoes them in the opposite order when left."""

    def __init__(self, lab: TargetLab, faults: Mapping[str, Fault] = FAULTS) -> None:
        self._lab = lab
        self._faults = faults
        self._undoing = ExitStack()
        self.record: list[ActiveFault] = []
        """Everything that was injected, in that order."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.undo_all()

    def inject(self, injection: Injection, *, within_s: float = 15.0) -> ActiveFault:
        """Inject a fault and return once it is seen in effect. Raises LabError if it is not within that time."""
        # Before it begins: a fault that fails halfway may be in effect already.
        active = self.adopt(injection)
        fault, parameters, hosts = self._resolved(injection)
        began = time.monotonic()
        for host in hosts:
            fault.inject(self._lab, host, parameters)
        while not all(fault.seen_in_effect(self._lab, host, parameters) for host in hosts):
            if time.monotonic() - began > within_s:
                raise LabError(f"{injection} was not seen in effect within {within_s:.0f} s")
            time.sleep(_LOOK_EVERY_S)
        active.seen_after_s = time.monotonic() - began
        return active

    def adopt(self, injection: Injection) -> ActiveFault:
        """Take over a fault that may be in effect already, whoever injected it: it is undone with the others."""
        fault, parameters, hosts = self._resolved(injection)
        active = ActiveFault(injection)
        self.record.append(active)
        for host in hosts:
            self._undoing.callback(self._undo, active, fault, host, parameters)
        return active

    def undo_all(self) -> None:
        """Undo every fault, the last one first. A host without power keeps none from being undone."""
        # An ExitStack calls the rest even if one of them raises.
        self._undoing.close()

    def _resolved(self, injection: Injection) -> tuple[Fault, Parameters, list[TargetHost]]:
        """Return the fault, its parameters with defaults, and the hosts. Raises LabError."""
        fault = self._fault(injection)
        hosts = [self._lab.host(name) for name in injection.hosts]
        return fault, complete_parameters(fault, injection.parameters), hosts

    def _fault(self, injection: Injection) -> Fault:
        """Return the fault of that name. Raises LabError."""
        try:
            return self._faults[injection.fault]
        except KeyError:
            raise LabError(f"there is no fault {injection.fault}", remedy=", ".join(self._faults)) from None

    def _undo(self, active: ActiveFault, fault: Fault, host: TargetHost, parameters: Parameters) -> None:
        """Undo a fault on one host; what stands in the way is recorded, so that the others are undone all the same."""
        try:
            fault.undo(self._lab, host, parameters)
        except LabError as error:
            active.undo_errors.append(str(error))
        active.undone_at = datetime.now(UTC)

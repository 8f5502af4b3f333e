"""Deletes a directory on the hosts, as a failed disk or a wrong `rm` would."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import ClassVar

from haops.errors import LabError
from haops.lab.faults.fault import Parameters, TargetHost, TargetLab

# /var/lib/etcd is the shallowest that any layout has; a slip never deletes more.
_LEAST_DEPTH = 3


class DeleteDataDirectory:
    """The directory and all that is in it are gone. There is no way back."""

    name = "delete-data-directory"
    title = "a data directory is deleted"
    parameters: ClassVar[Mapping[str, str]] = {"path": "the directory on the host"}
    defaults: ClassVar[Parameters] = {"path": "/var/lib/etcd/member"}

    def inject(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Delete it. Raises LabError for a path that is not deep enough to be a data directory."""
        path = PurePosixPath(parameters["path"])
        if not path.is_absolute() or ".." in path.parts or len(path.parts) <= _LEAST_DEPTH:
            raise LabError(f"{path} is no data directory", remedy="a path such as /var/lib/etcd/member")
        host.run("rm", "-rf", "--", str(path)).checked(f"{host.name}: rm -rf {path}")

    def undo(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Nothing: what is deleted stays deleted."""

    def seen_in_effect(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> bool:
        """Tell whether the directory is absent."""
        # `test` says 1 for absent; more than that means that it could not look.
        return host.run("test", "-e", parameters["path"]).status == 1

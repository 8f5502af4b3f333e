"""The host's unit files and the services loaded from them.

Owns which units exist and which are enabled. Must never decide how a service behaves: `service` does.
"""

from collections.abc import Iterator
from pathlib import Path

from haops.lab.agent.service import Launch, Service
from haops.lab.agent.unit_file import UnitFile, parse_unit

# systemd.unit(5): /etc goes before /run. Not /usr/lib: it is the machine's, and so are the units in it.
_DIRECTORIES = ("etc/systemd/system", "run/systemd/system")
_SUFFIXES = (".service", ".timer", ".socket", ".target", ".mount")


class UnitNotFound(LookupError):
    """There is no unit file of that `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def full_name(name: str) -> str:
    """Return a unit's whole name: `etcd` means `etcd.service`."""
    return name if name.endswith(_SUFFIXES) else f"{name}.service"


class Units:
    """Loaded services by name; a changed file counts from the next reload, as with systemd."""

    def __init__(self, host_root: Path, launch: Launch) -> None:
        self.host_root = host_root
        self._root = host_root
        self._launch = launch
        self._services: dict[str, Service] = {}

    def get(self, name: str) -> Service:
        """Return the service of that name, loaded from its file if need be. UnitNotFound if there is none."""
        name = full_name(name)
        if name not in self._services:
            self._services[name] = Service(self._load(name), self._launch, self._root)
        return self._services[name]

    def loaded(self) -> list[Service]:
        """Return what is loaded, by name."""
        return [self._services[name] for name in sorted(self._services)]

    def reload(self) -> None:
        """Read every unit file again; a unit whose file is gone stays only while it runs."""
        for name, service in list(self._services.items()):
            try:
                service.unit = self._load(name)
            except UnitNotFound:
                if service.state.active in {"inactive", "failed"}:
                    del self._services[name]
        # Loaded at once, so that list-units shows what nobody has started yet.
        for name in self._names():
            self.get(name)

    def read(self, path: str) -> str:
        """Return the text of a file of the host."""
        return (self._root / path.lstrip("/")).read_text()

    def is_enabled(self, name: str) -> bool:
        """Tell whether some target wants the unit."""
        return any(True for _ in self._links(full_name(name)))

    def enable(self, name: str) -> list[str]:
        """Link the unit into its targets; return the lines that systemctl prints."""
        unit = self._load(full_name(name))
        printed = []
        for target in unit.wanted_by:
            link = self._root / _DIRECTORIES[0] / f"{target}.wants" / unit.name
            if not link.is_symlink():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(unit.paths[0])
                printed.append(f"Created symlink /{link.relative_to(self._root)} -> {unit.paths[0]}.")
        return printed

    def disable(self, name: str) -> list[str]:
        """Unlink the unit from its targets; return the lines that systemctl prints. UnitNotFound if it is unknown."""
        self._load(full_name(name))
        printed = []
        for link in list(self._links(full_name(name))):
            link.unlink()
            printed.append(f"Removed /{link.relative_to(self._root)}.")
        return printed

    def enabled(self) -> list[str]:
        """Return the units that start with the host."""
        directory = self._root / _DIRECTORIES[0]
        return sorted({link.name for link in directory.glob("*.wants/*.service")})

    def _links(self, name: str) -> Iterator[Path]:
        # Listed, not asked for by name: a link points to a path of the host, which does not exist outside its root.
        return (link for link in (self._root / _DIRECTORIES[0]).glob("*.wants/*") if link.name == name)

    def _names(self) -> set[str]:
        return {path.name for directory in _DIRECTORIES for path in (self._root / directory).glob("*.service")}

    def _load(self, name: str) -> UnitFile:
        fragment = next((path for path in self._places(name) if path.is_file()), None)
        if fragment is None:
            raise UnitNotFound(name)
        drop_ins = {path.name: path for place in self._places(f"{name}.d") for path in place.glob("*.conf")}
        # systemd.unit(5): drop-ins by file name, whatever directory they lie in.
        files = [fragment, *(drop_ins[key] for key in sorted(drop_ins))]
        return parse_unit(name, [(f"/{path.relative_to(self._root)}", path.read_text()) for path in files])

    def _places(self, name: str) -> list[Path]:
        return [self._root / directory / name for directory in _DIRECTORIES]

"""Assembles a host's root file system out of its disk and this machine's programs, inside the host's own mounts.

Must never be called outside a mount namespace that is the host's alone.
"""

from collections.abc import Mapping
from pathlib import Path

from haops.errors import EnvironmentLacks
from haops.lab import syscalls
from haops.lab.host_disk import OWN_ETC, HostDisk
from haops.lab.syscalls import Mount

AGENT_PROGRAMS = ("systemctl", "crictl", "journalctl")
"""Names under which a host finds the script that asks its agent."""

_CALL_SCRIPT = Path(__file__).parent / "agent" / "call.sh"
_VIRTUAL = Mount.NOSUID | Mount.NODEV
_PLACES = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin")


def assemble(disk: HostDisk, programs: Mapping[str, Path]) -> None:
    """Mount everything. Raises EnvironmentLacks naming what this machine refuses to mount."""
    try:
        _mount_all(disk, programs)
    except OSError as error:
        raise EnvironmentLacks(
            f"a host's root file system cannot be mounted ({error.strerror})",
            where=str(error.filename or disk.root),
            remedy="Linux 5.11 or newer, which allows overlay and bind mounts in a user namespace, or run as root",
        ) from error


def _mount_all(disk: HostDisk, programs: Mapping[str, Path]) -> None:
    root = disk.root
    # Else what is mounted here would show outside, where the machine shares its mounts (systemd does by default).
    syscalls.mount("none", "/", flags=Mount.REC | Mount.PRIVATE)
    _bind(disk.disk, root)
    for name in ("usr", "dev", *_separate_directories()):
        _bind(Path("/", name), root / name)
    syscalls.mount("proc", str(root / "proc"), kind="proc", flags=_VIRTUAL | Mount.NOEXEC)
    # After /usr: /usr/local/bin has to lie on top of it.
    for name, mode in (("run", "755"), ("tmp", "1777"), ("usr/local/bin", "755")):
        syscalls.mount("tmpfs", str(root / name), kind="tmpfs", flags=_VIRTUAL, options=f"mode={mode}")
    _mount_etc(disk)
    _place_programs(root, programs)


def _separate_directories() -> list[str]:
    """/bin and the like where they are not links into /usr."""
    return [
        name
        for name in ("bin", "sbin", "lib", "lib64")
        if Path("/", name).is_dir() and not Path("/", name).is_symlink()
    ]


def _mount_etc(disk: HostDisk) -> None:
    # An overlay over / itself is refused in a user namespace; over /etc alone it is allowed.
    layers = f"lowerdir=/etc,upperdir={disk.directory / 'etc'},workdir={disk.directory / 'etc-work'}"
    syscalls.mount("overlay", str(disk.root / "etc"), kind="overlay", options=layers)
    for name in OWN_ETC:
        place = disk.root / "etc" / name
        place.mkdir(parents=True, exist_ok=True)
        _bind(disk.directory / "own" / name, place)


def _place_programs(root: Path, programs: Mapping[str, Path]) -> None:
    for name, program in programs.items():
        place = root / "usr/local/bin" / name
        place.touch()
        # Bound, not linked: a link would lead out of the host's root.
        _bind(program, place)
    for name in AGENT_PROGRAMS:
        script = root / "usr/local/bin" / name
        script.write_bytes(_CALL_SCRIPT.read_bytes())
        script.chmod(0o755)
        # The machine's own systemctl would speak to the machine's own systemd, if called by its full path.
        for place in (root / directory / name for directory in _PLACES if directory != "usr/local/bin"):
            if place.exists():
                _bind(script, place)


def _bind(source: Path, target: Path) -> None:
    # In a user namespace the kernel binds no tree without the mounts that lie in it, as they do in /dev.
    syscalls.mount(str(source), str(target), flags=Mount.BIND | Mount.REC)

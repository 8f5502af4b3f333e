"""What a lab host keeps when its power goes: where its files lie in the lab's directory.

Owns the layout on the bastion's side. Must never mount anything: `root_filesystem` does that, on the host.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

# Directories of /etc that belong to the host alone: those of the machine underneath must never show through
# (a bastion may be a cluster host itself), so each is bound over the overlay.
OWN_ETC = ("kubernetes", "etcd", "systemd/system", "cni")

_KEPT = ("var/lib", "var/log", "var/backups", "var/tmp", "root", "opt", "srv", "home", "mnt")
_EMPTY = ("usr", "etc", "run", "tmp", "proc", "dev", "sys")


@dataclass(frozen=True, slots=True)
class HostDisk:
    """One host's directory: `disk` is its root, `etc` what differs from the machine's /etc, `own` see OWN_ETC."""

    directory: Path

    @property
    def root(self) -> Path:
        """Where the host's root file system is mounted, visible to the host's own processes only."""
        return self.directory / "root"

    @property
    def disk(self) -> Path:
        """What lies under the mounts of the root file system."""
        return self.directory / "disk"

    @property
    def control_socket(self) -> Path:
        """Where the host's agent listens for the lab."""
        return self.directory / "agent.sock"

    @property
    def console(self) -> Path:
        """What the host's first process said; the place to look when a host does not boot."""
        return self.directory / "console.log"

    def create(self) -> None:
        """Make every directory of an empty disk; links for /bin and the like as on this machine."""
        for name in (*_KEPT, *_EMPTY):
            (self.disk / name).mkdir(parents=True, exist_ok=True)
        for name in ("root", "etc", "etc-work", *(f"own/{own}" for own in OWN_ETC)):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        (self.disk / "root").chmod(0o700)
        for link in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            outside = Path("/", link)
            if outside.is_symlink():
                (self.disk / link).symlink_to(outside.readlink())
            # A machine without a merged /usr has directories there.
            elif outside.is_dir():
                (self.disk / link).mkdir()

    def locate(self, path: str) -> Path:
        """Return where the host's `path` lies on the bastion's side, whether or not the host is powered on."""
        relative = PurePosixPath(path).relative_to("/")
        if relative.parts[:1] != ("etc",):
            return self.disk / relative
        inside = relative.relative_to("etc")
        for own in OWN_ETC:
            if inside.is_relative_to(own):
                return self.directory / "own" / inside
        return self.directory / "etc" / inside

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        """Put a file on the host's disk, with the directories above it."""
        place = self.locate(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        place.chmod(mode)

    def read(self, path: str) -> bytes:
        """Return a file of the host's disk. OSError if it cannot be read."""
        return self.locate(path).read_bytes()

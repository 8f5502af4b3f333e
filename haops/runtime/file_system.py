"""What file system a journal lies on, and whether its promises can be believed.

Owns the list of file systems on which a sync means that the disk has it and a lock keeps everyone out. On others the
journal still works, and says that it cannot vouch for a power cut or for a second writer on another machine.
"""

import os
from pathlib import Path

TRUSTED = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs"})
_VOLATILE = frozenset({"tmpfs", "ramfs"})
_MOUNTS = Path("/proc/self/mountinfo")


def doubt_about(path: Path) -> str:
    """Return why the file system of a path cannot be trusted with a journal, or an empty text."""
    kind = file_system_of(path)
    if not kind or kind in TRUSTED:
        return ""
    if kind in _VOLATILE:
        return f"the journal lies in memory ({kind}): it ends with this machine's power"
    return f"the journal lies on {kind}: whether a record is on disk, and whether this is the only writer, is not sure"


def file_system_of(path: Path) -> str:
    """Return the type of the file system that holds a path; empty if the kernel does not say."""
    try:
        device = path.stat().st_dev
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        # proc(5), mountinfo: optional fields end with the dash; behind it stands the type.
        about, _, source = line.partition(" - ")
        if about.split()[2] == wanted:
            return source.split()[0]
    return ""

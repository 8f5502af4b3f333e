"""ssh_config as paramiko reads it, with `Include` resolved first, which paramiko leaves out.

Owns reading that file. Must never change it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import paramiko

from haops.errors import InputError

_INCLUDE = re.compile(r"\s*include\s*[\s=]\s*(?P<patterns>.+)", re.IGNORECASE)
_DEEPEST = 16
_USUAL_FILE = "~/.ssh/config"


def load_config(path: str | None, *, before: str = "") -> paramiko.SSHConfig:
    """Read the given ssh_config, or the user's own if none is given and one exists. Raises InputError.

    `before` is text of the same format that goes first, and so wins.
    """
    file = Path(path or _USUAL_FILE).expanduser()
    if path is None and not file.exists():
        return paramiko.SSHConfig.from_text(before)
    try:
        return paramiko.SSHConfig.from_text("\n".join((before, *_lines(file, 0))))
    except OSError as error:
        raise InputError(f"ssh_config cannot be read: {error.strerror}", where=str(file)) from error
    except paramiko.SSHException as error:
        raise InputError(f"ssh_config has a mistake: {error}", where=str(file)) from error


def _lines(file: Path, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise InputError("ssh_config includes itself", where=str(file))
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        include = _INCLUDE.match(line)
        if include is None:
            yield line
            continue
        for pattern in include["patterns"].split():
            for included in _found(pattern.strip('"')):
                yield from _lines(included, depth + 1)


def _found(pattern: str) -> list[Path]:
    path = Path(pattern).expanduser()
    base = path if path.is_absolute() else Path("~/.ssh").expanduser() / path
    return sorted(base.parent.glob(base.name))

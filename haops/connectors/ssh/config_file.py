"""ssh_config as paramiko reads it, with `Include` resolved first, which paramiko leaves out.

Owns reading that file. Must never change it.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
import paramiko.config

from haops.errors import InputError

_INCLUDE = re.compile(r"\s*include\s*[\s=]\s*(?P<patterns>.+)", re.IGNORECASE)
# As ssh itself follows Include.
_DEEPEST = 16
_USUAL_FILE = "~/.ssh/config"


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a program of `Match exec` ended, as paramiko asks for it."""

    ok: bool


class _Programs:
    """Runs the programs of `Match exec` as ssh does: in the user's shell, without a way to the terminal."""

    @staticmethod
    def run(command: str, **_options: object) -> _Ended:
        """Return whether the program succeeded."""
        shell = os.environ.get("SHELL") or "/bin/sh"
        none = subprocess.DEVNULL
        ended = subprocess.run([shell, "-c", command], stdin=none, stdout=none, stderr=none, check=False)
        return _Ended(ok=ended.returncode == 0)


# In the place of what paramiko takes for it, which reads the keys that are meant for the screen while a program runs.
paramiko.config.invoke = _Programs  # type: ignore[attr-defined]


def look_up(alias: str, path: str | None, *, before: str = "") -> paramiko.SSHConfigDict:
    """Return what the given ssh_config says about a host; the user's own if none is given. Raises InputError.

    `before` is text of the same format that goes first, and so wins. `Match exec` puts the alias into a command line:
    the caller has checked that it is a name and nothing else.
    """
    file = Path(path or _USUAL_FILE).expanduser()
    try:
        return _load(file, before, is_named=path is not None).lookup(alias)
    except OSError as error:
        raise InputError(f"ssh_config cannot be read: {error.strerror}", where=str(file)) from error
    except paramiko.SSHException as error:
        raise InputError(f"ssh_config has a mistake, or does not fit {alias}: {error}", where=str(file)) from error


def _load(file: Path, before: str, *, is_named: bool) -> paramiko.SSHConfig:
    if not is_named and not file.exists():
        return paramiko.SSHConfig.from_text(before)
    return paramiko.SSHConfig.from_text("\n".join((before, *_lines(file, 0))))


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
    # ssh_config(5): in a user's file a path that is not absolute lies below ~/.ssh.
    base = path if path.is_absolute() else Path("~/.ssh").expanduser() / path
    return sorted(base.parent.glob(base.name))

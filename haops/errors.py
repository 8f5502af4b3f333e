"""The whole error tree of haops, with its exit codes.

Owns every exception that haops raises on purpose. Must never import anything of haops.

    HaopsError                     1   something could not be done
    ├── InputError                 3   a file or an argument that a person wrote is wrong
    │   ├── RunbookError               a runbook has mistakes (carries all of them)
    │   ├── InventoryError             an inventory has mistakes
    │   └── SettingsError              a theme, keymap or setting has mistakes
    ├── ConnectorError             4   another system did not do what was asked
    │   ├── ConnectFailed              it could not be reached (refused, no route, name unknown)
    │   ├── TimedOut                   it did not answer in time; what was asked may still happen
    │   ├── Denied                     it refused who we are (host key, key, certificate, permission)
    │   ├── ConnectionLost             it was reached and then lost; what was asked may have happened
    │   └── RemoteFailed               it answered that it failed
    ├── JournalError               5   the record cannot be kept or cannot be trusted
    │   ├── JournalDamaged             stored records do not verify
    │   ├── JournalLocked              another process writes this journal
    │   └── JournalWriteFailed         the disk did not take a record
    ├── Refused                    6   not confirmed, or a rule forbids it; nothing ran
    ├── EnvironmentLacks           7   this machine lacks something (namespaces, a program, permission)
    │   └── ProgramMissing             a program that the lab needs is not there
    └── LabError                   8   the lab did not start or did not do what was asked

0 is success, 2 a mistyped command line (click), 9 a drill or run that ended without its objective,
129, 130 and 143 the signals SIGHUP, SIGINT and SIGTERM.
"""

from dataclasses import dataclass, field
from typing import ClassVar

# No error: what was asked for ran, and did not reach what it was to reach.
EXIT_NOT_MET = 9


class HaopsError(Exception):
    """What happened, where, and what to try; `exit_code` is part of the command line's interface."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        stop = "" if self.message.endswith((".", "!", "?")) else "."
        remedy = f"{stop} Try: {self.remedy}" if self.remedy else ""
        return f"{place}{self.message}{remedy}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file, with its place (line and column count from 1; 0 means the whole file)."""

    file: str
    line: int
    column: int
    message: str
    remedy: str = ""
    severity: str = field(default="error")

    def __str__(self) -> str:
        remedy = f" ({self.remedy})" if self.remedy else ""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.severity}: {self.message}{remedy}"


class InputError(HaopsError):
    """A file or an argument that a person wrote is wrong; `problems` lists every mistake found."""

    # 2 is click's own, for a mistyped command line.
    exit_code = 3

    def __init__(self, message: str, *, where: str = "", remedy: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.problems = problems

    def __str__(self) -> str:
        lines = [super().__str__(), *(f"  {problem}" for problem in self.problems)]
        return "\n".join(lines)


class RunbookError(InputError):
    """A runbook has mistakes."""


class InventoryError(InputError):
    """An inventory has mistakes."""


class SettingsError(InputError):
    """A theme, a keymap or a setting has mistakes."""


class ConnectorError(HaopsError):
    """Another system did not do what was asked."""

    exit_code = 4


class ConnectFailed(ConnectorError):
    """It could not be reached: refused, no route, name unknown. Nothing was asked of it."""


class TimedOut(ConnectorError):
    """It did not answer in time. What was asked may still happen."""


class Denied(ConnectorError):
    """It refused who we are: host key, key, certificate, permission. Nothing was asked of it."""


class ConnectionLost(ConnectorError):
    """It was reached and then lost. What was asked may have happened."""


class RemoteFailed(ConnectorError):
    """It answered that it failed."""


class JournalError(HaopsError):
    """The record cannot be kept or cannot be trusted."""

    exit_code = 5


class JournalDamaged(JournalError):
    """Stored records do not verify; the message names the first bad record."""


class JournalLocked(JournalError):
    """Another process writes this journal; the message says which."""


class JournalWriteFailed(JournalError):
    """The disk did not take a record; the session goes on read-only."""


class Refused(HaopsError):
    """Not confirmed, or a rule forbids it. Nothing ran."""

    exit_code = 6


class EnvironmentLacks(HaopsError):
    """This machine lacks something that was needed."""

    exit_code = 7


class ProgramMissing(EnvironmentLacks):
    """A program that the lab needs is not there; the remedy says how to get it."""


class LabError(HaopsError):
    """The lab did not start or did not do what was asked."""

    exit_code = 8

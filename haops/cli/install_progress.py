"""Draws the progress of an install: one bar for what is going on, one line for each program that is done.

Owns that drawing only. Goes to standard error, so that standard output holds the result alone.
"""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_MEGABYTE = 1e6


class DrawnProgress:
    """A bar on a terminal; on anything else only the lines."""

    def __init__(self) -> None:
        # soft_wrap: where there is no terminal rich would break the lines at 80 columns.
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeElapsedColumn())
        self._drawn = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._console = console
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._drawn.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._drawn.stop()

    def began(self, name: str, activity: str) -> None:
        """Show what takes a while now."""
        self._forget()
        # Until the first bytes come nobody knows how many there will be.
        self._task = self._drawn.add_task(f"{name}: {activity}", total=None)

    def advanced(self, name: str, done_bytes: int, total_bytes: int | None) -> None:
        """Move the bar."""
        if self._task is not None:
            self._drawn.update(self._task, description=name, completed=done_bytes, total=total_bytes)

    def ended(self, name: str, *, duration_s: float, size_bytes: int, note: str) -> None:
        """Print the program's line."""
        self._forget()
        line = f"{name:<24} {duration_s:6.1f} s  {size_bytes / _MEGABYTE:6.1f} MB  {note}"
        self._console.print(line, markup=False)

    def _forget(self) -> None:
        """Take the bar away."""
        if self._task is not None:
            self._drawn.remove_task(self._task)
            self._task = None

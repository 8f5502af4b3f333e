"""A real etcd lab in a child process, and functions of a test module that run inside it.

A lab lives in namespaces of its own, which a test runner cannot enter and leave again; so it sends functions there.
"""

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import early_fork
from real_programs import find_programs

from haops.lab import namespaces
from haops.lab.lab import Lab


class LabChild:
    """The lab's process, seen from the test."""

    def __init__(self, flavour: str, directory: Path, **options: Any) -> None:
        programs = options.pop("programs", None) or find_programs(flavour)
        self._pid, self._pipe = early_fork.start(_serve, flavour, programs, directory, options)
        self._answer()

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a module's function in the lab's process, with the lab as its first argument, and return its result.

        What it raises, an assertion that fails as well, is raised here as AssertionError with its traceback.
        """
        self._pipe.send((function, arguments))
        return self._answer()

    def close(self) -> None:
        """End the lab by ending its process."""
        self._pipe.close()
        early_fork.await_end(self._pid)

    def _answer(self) -> Any:
        try:
            raised, value = self._pipe.recv()
        except EOFError:
            raise AssertionError("the lab's process ended; its output says why") from None
        if raised:
            raise AssertionError(value)
        return value


def _serve(pipe: Connection, flavour: str, programs: Any, directory: Path, options: dict[str, Any]) -> None:
    """Start the lab and run what is sent, until nobody sends any more."""
    try:
        lab: Lab | None = None
        while True:
            try:
                if lab is None:
                    namespaces.enter()
                    lab, value = Lab.start(flavour, programs, directory, **options), None
                else:
                    function, arguments = pipe.recv()
                    value = function(lab, *arguments)
                pipe.send((False, value))
            except EOFError:
                break
            except BaseException:  # noqa: BLE001 - whatever it is, the test must hear of it
                pipe.send((True, traceback.format_exc()))
    finally:
        os._exit(0)


@contextmanager
def lab_child(flavour: str, directory: Path, **options: Any) -> Iterator[LabChild]:
    """Yield a lab that is up, and end it. `options` are those of Lab.start, and `programs`."""
    child = LabChild(flavour, directory, **options)
    try:
        yield child
    finally:
        child.close()

"""The constant shell texts that run on hosts, and the command lines that carry them.

Owns how a text becomes a command line. Must never put anything that changes from call to call into one: that goes to
its input.
"""

import shlex
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Text(StrEnum):
    """Each text by its file's name."""

    READ = "read"
    LAUNCH = "launch"
    PROBE = "probe"
    CANCEL = "cancel"
    STOP = "stop"
    PUT = "put"
    GET = "get"


_NEEDS_COMMON = (Text.READ, Text.LAUNCH, Text.PROBE, Text.CANCEL)


def _without_comments(name: str) -> str:
    source = files("haops.connectors.detached").joinpath(f"{name}.sh").read_text(encoding="utf-8")
    # Comments stay here: a text travels with every call. None has a here-document, which this would spoil.
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))


@cache
def command_for(text: Text) -> str:
    """Return the command line that runs a text: the same for every call."""
    source = _without_comments(text)
    if text in _NEEDS_COMMON:
        source = f"{_without_comments('common')}\n{source}"
    # One constant argument: what changes from call to call goes to its input, where no process list shows it.
    words = ["sh", "-c", source, "haops"]
    if text is Text.LAUNCH:
        words.append(f"{_without_comments('common')}\n{_without_comments('runner')}")
    return shlex.join(words)

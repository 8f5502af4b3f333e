"""The fixed scripts that observers run on hosts, and the lines that come back.

Owns how they are found, run and read. Values reach a script as environment variables, never as text. What a host prints
is taken apart strictly and believed as little as possible. Must never run anything that changes a host.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files

from haops.connectors.seam import CommandResult, Shell
from haops.errors import RemoteFailed

# The answer comes from a host that may be broken or hostile: it is bounded before it is looked at.
_LONGEST_LINE = 4096
_MOST_LINES = 10_000


@cache
def script(name: str) -> str:
    """Return the text of a script of this package, by its file name."""
    return files("haops.observers").joinpath("scripts", name).read_text(encoding="utf-8")


def run(shell: Shell, name: str, environment: Mapping[str, str], *, timeout_s: float) -> CommandResult:
    """Run a script that only reads. Raises RemoteFailed if it failed, and what `Shell.run` raises."""
    result = shell.run(script(name), environment=environment, timeout_s=timeout_s)
    if result.exit_status != 0:
        last = result.stderr.decode(errors="replace").strip().rpartition("\n")[2][:200]
        status = "without a status" if result.exit_status is None else f"with {result.exit_status}"
        raise RemoteFailed(f"{name} ended {status}: {last or 'no words'}")
    return result


def pairs(output: bytes) -> Iterator[tuple[str, str]]:
    """Yield the key=value lines of an output; anything else is passed over."""
    for line in output.decode(errors="replace").splitlines()[:_MOST_LINES]:
        key, equals, value = line[:_LONGEST_LINE].partition("=")
        if equals:
            yield key, value


def required(values: Mapping[str, str], names: Iterable[str]) -> None:
    """Raise RemoteFailed unless all the names are there: then the output was cut or is something else."""
    missing = [name for name in names if name not in values]
    if missing:
        raise RemoteFailed(f"the host's answer lacks {', '.join(missing)}")

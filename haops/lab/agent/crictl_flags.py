"""The flags of crictl's commands, and how crictl reads a command line.

Owns which flags take a value, as in cri-tools (cmd/crictl, with urfave/cli v2). Must never act on them: `crictl` does.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from haops.lab.agent.arguments import Asked

_WHOLE_NUMBER = re.compile(r"[-+]?\d+")
_DURATION = re.compile(r"[-+]?(0|(\d+(\.\d*)?(ns|us|ms|s|m|h))+)")


class UsageError(Exception):
    """The command line is not one that crictl takes; the text is what crictl says."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag: its long name, and what its value must look like; None if it takes no value."""

    name: str
    value: re.Pattern[str] | None = None


_TEXT = re.compile(r"(?s).*")


def _flags(*, alone: str, text: str = "", number: str = "", duration: str = "") -> Mapping[str, Flag]:
    """Return flags by each of their names; a word is a long name, or `long,short`."""
    patterns = ((f"{alone} help,h", None), (text, _TEXT), (number, _WHOLE_NUMBER), (duration, _DURATION))
    return {
        name: Flag(word.partition(",")[0], pattern)
        for words, pattern in patterns
        for word in words.split()
        for name in word.split(",")
    }


GLOBAL_FLAGS = _flags(
    alone="debug,D enable-tracing version,v",
    text="config,c runtime-endpoint,r image-endpoint,i tracing-endpoint profile-cpu profile-mem",
    number="tracing-sampling-rate-per-million",
    duration="timeout,t",
)
COMMAND_FLAGS: Mapping[str, Mapping[str, Flag]] = {
    "ps": _flags(
        alone="verbose,v quiet,q all,a latest,l no-trunc resolve-image-path,r",
        text="id name pod,p image state,s label output,o namespace",
        number="last,n",
    ),
    "stop": _flags(alone="all,a", number="timeout,t"),
    "rm": _flags(alone="force,f keep-logs,k all,a"),
    "logs": _flags(alone="follow,f previous,p reopen,r timestamps,t", text="since stream,s", number="tail limit-bytes"),
    "inspect": _flags(
        alone="quiet,q latest,l all,a",
        text="output,o template name namespace pod,p image state,s label",
        number="last,n",
    ),
    "exec": _flags(
        alone="sync,s tty,t interactive,i latest,l quiet,q ignore-errors,e parallel,x",
        text="transport,r name pod,p image state label tls-sni tls-server-name tls-ca tls-cert tls-key",
        number="timeout last,n",
    ),
    "version": _flags(alone=""),
}


def parse_flags(arguments: Sequence[str], flags: Mapping[str, Flag]) -> Asked:
    """Parse what crictl would; options by their long names without dashes. UsageError with crictl's message.

    As Go's flag package has it, the first word that is no flag ends the flags: in `stop ID --timeout 3` the flag is
    taken for an id.
    """
    options: dict[str, list[str]] = {}
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        for name, given in _split(word, flags):
            flag, value = flags[name], given
            if flag.value and value is None:
                if not rest:
                    raise UsageError(f"flag needs an argument: -{name}")
                value = rest.pop(0)
            if flag.value and not flag.value.fullmatch(value or ""):
                raise UsageError(f'invalid value "{value}" for flag -{name}: parse error')
            # `--quiet=false` is not to be quiet.
            if flag.value or value not in {"false", "0"}:
                options.setdefault(flag.name, []).append(value or "")
    return Asked(options, rest)


def _split(word: str, flags: Mapping[str, Flag]) -> Iterator[tuple[str, str | None]]:
    """Yield the flags of one word: `--long`, `-long`, `--long=value`, or short ones together (`-aq`)."""
    name, separator, value = word.lstrip("-").partition("=")
    if name in flags:
        yield name, value if separator else None
    elif not word.startswith("--") and not separator and all(letter in flags for letter in name):
        yield from ((letter, None) for letter in name)
    else:
        raise UsageError(f"flag provided but not defined: -{name}")

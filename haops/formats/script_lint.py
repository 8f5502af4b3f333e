"""Advice on the scripts of a runbook: what an experienced engineer would not sign.

Owns one function for each piece of advice. Must never refuse a script: these are habits, not rules.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from haops.core.standard_environment import STANDARD_ENVIRONMENT
from haops.formats.shell_text import assigned, expansions, without_literals
from haops.formats.suggestions import nearest

SHELL_VARIABLES = frozenset(
    ("HOME", "PATH", "PWD", "OLDPWD", "IFS", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "LANG", "LC_ALL")
) | frozenset(("HOSTNAME", "PPID", "OPTARG", "OPTIND", "RANDOM"))
"""What a shell or a login sets by itself."""

_SAFE_START = re.compile(r"^set\s+-[a-z]*e[a-z]*u|^set\s+-[a-z]*u[a-z]*e", re.MULTILINE)
# A letter first: values in Go templates, which kubectl and crictl take, begin with a dot; end and else are their words.
_TEMPLATE = re.compile(r"\{\{-?\s*(?!(?:end|else)\b)[A-Za-z_][\w.]*\s*-?\}\}")
_RM = re.compile(r"\brm\s+(?:-\w+\s+)*-\w*[rR]\w*[^\n;&|]*")
_KEPT = re.compile(r"\$\{?ETCD_DATA_DIR|/var/lib/etcd|/var/lib/kubelet|/etc/kubernetes")
# A suffix behind the name, or sed -i with one: kubelet runs such copies (kubernetes issue 129364).
_COPY = re.compile(
    r"(?:/etc/kubernetes/manifests/[\w.-]+?\.ya?ml|\$\{?ETCD_MANIFEST\}?)[\"']?[.~_-][\w$.{}-]+"
    r"|\bsed\s+-i\.?[\w~]+\s[^\n;|]*(?:/etc/kubernetes/manifests|ETCD_MANIFEST)"
)
# Loopback, the address of all, and net masks hold in every cluster.
_ADDRESS = re.compile(r"(?<![\w.])(?!127\.|0\.0\.0\.0|255\.)\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)")


class ScriptAdvice(NamedTuple):
    """Something to look at, at a character of a script."""

    code: str
    offset: int
    message: str
    remedy: str


Reader = Callable[[str, Collection[str]], Iterator[ScriptAdvice]]


def advise_on_script(script: str, environment: Collection[str]) -> Iterator[ScriptAdvice]:
    """Yield all advice on a script that is given these variables beside the standard ones."""
    for read in _READERS:
        yield from read(script, environment)


def _unsafe_start(script: str, _environment: Collection[str]) -> Iterator[ScriptAdvice]:
    # A single command needs none: its status is the script's.
    if "\n" in script.strip() and not _SAFE_START.search(script):
        yield ScriptAdvice("no-set-eu", 0, "it goes on after a command that failed", "begin with set -eu")


def _spliced(script: str, _environment: Collection[str]) -> Iterator[ScriptAdvice]:
    for found in _TEMPLATE.finditer(script):
        message = f"{found[0]} is not replaced; values reach a script as environment variables"
        yield ScriptAdvice("spliced-value", found.start(), message, "name it under env and write $NAME")


def _undefined(script: str, environment: Collection[str]) -> Iterator[ScriptAdvice]:
    """Yield variables that nothing sets, once each."""
    known = {*environment, *STANDARD_ENVIRONMENT, *SHELL_VARIABLES, *assigned(script)}
    seen: set[str] = set()
    for name, offset, has_fallback in expansions(script):
        # ${NAME:-x} and its like say themselves what happens without a value.
        if name in known or has_fallback or name in seen:
            continue
        seen.add(name)
        alike = nearest(name, known)
        remedy = f"did you mean {alike}?" if alike else "add it under env"
        yield ScriptAdvice("undefined-variable", offset, f"nothing sets ${name}", remedy)


def _removes(script: str, _environment: Collection[str]) -> Iterator[ScriptAdvice]:
    for found in _RM.finditer(without_literals(script)):
        if _KEPT.search(found[0]):
            remedy = "move it aside: it may be the last evidence, or the newest copy"
            yield ScriptAdvice("removes-state", found.start(), "it deletes what may be the only copy", remedy)


def _copies_manifest(script: str, _environment: Collection[str]) -> Iterator[ScriptAdvice]:
    for found in _COPY.finditer(without_literals(script)):
        message = "kubelet runs every file in its manifest directory, copies too"
        yield ScriptAdvice("manifest-copy", found.start(), message, "keep copies in another directory")


def _addresses(script: str, _environment: Collection[str]) -> Iterator[ScriptAdvice]:
    for found in _ADDRESS.finditer(script):
        message = f"{found[0]} holds for one cluster only"
        yield ScriptAdvice("literal-address", found.start(), message, "take it from the inventory: $HOST_ADDRESS")


_READERS: tuple[Reader, ...] = (_unsafe_start, _spliced, _undefined, _removes, _copies_manifest, _addresses)

SCRIPT_CODES: Mapping[str, str] = {
    "no-set-eu": "a script of several commands does not stop at the first that fails",
    "spliced-value": "a script expects a value to be put into its text",
    "undefined-variable": "a script uses a variable that nothing sets",
    "removes-state": "a script deletes a data directory or a configuration directory",
    "manifest-copy": "a script leaves a copy in the static pods' manifest directory",
    "literal-address": "a script holds an IP address",
}

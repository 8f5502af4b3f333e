"""Taking named values out of a step's output, each in the form that it declares.

Owns the forms. A value without its form is a problem, never a value: a recovery tool was seen to take the text
`sudo: command not found` for a container id and to try it for ten minutes.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from haops.core.runbook import Capture

# As long as a Kubernetes name may be: 253 characters (a DNS subdomain, RFC 1123).
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_HEX = re.compile(r"(0x)?[0-9a-fA-F]+")
# Absolute and on one line: a script cannot take it for an option or for two.
_PATH = re.compile(r"/[^\x00\n]*")
_URL = re.compile(r"https?://[^\s\x00-\x1f]+")
# 19 digits hold every signed 64-bit number, such as a revision of etcd.
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,19})?")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")


class CaptureFailed(ValueError):
    """A value is not there or does not have its form."""


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], str]:
    """Return a reader of text that is all of a pattern."""

    def read(value: Any) -> str:
        """Return the value as it is. Raises ValueError."""
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise ValueError

    return read


def _integer(value: Any) -> int:
    # A bool is an int in Python: `true` would be taken for 1.
    if isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - the caller turns every misfit into one message
    return value if isinstance(value, int) else int(_matching(_INTEGER)(value))


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - the caller turns every misfit into one message
    return float(value) if isinstance(value, int | float) else float(_matching(_NUMBER)(value))


def _boolean(value: Any) -> bool:
    # As JSON spells them, and in no other way.
    return value if isinstance(value, bool) else {"true": True, "false": False}[str(value)]


def _text(value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    raise ValueError


FORMS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "path": _matching(_PATH),
    "hex": _matching(_HEX),
    "url": _matching(_URL),
    "name": _matching(_NAME),
}
"""Form -> reader; a reader raises ValueError or KeyError for what does not have it."""


def take_all(captures: Iterable[Capture], stdout: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return every captured value. Raises CaptureFailed with the first that is missing or misshapen."""
    # All or none: with half of them later steps would run on a mixture.
    return {capture.name: _take(capture, stdout, environment) for capture in captures}


def _take(capture: Capture, stdout: str, environment: Mapping[str, str]) -> Any:
    """Return one captured value in its form."""
    found = _found(capture, stdout, environment)
    try:
        return FORMS[capture.type](found)
    except (ValueError, KeyError):
        raise CaptureFailed(f"{capture.name} is not of the form {capture.type}: {str(found)[:80]!r}") from None


def _found(capture: Capture, stdout: str, environment: Mapping[str, str]) -> Any:
    """Return the raw value that a capture points at."""
    if capture.value is not None:
        # Not a shell: only $NAME is replaced, and only by what the script itself was given.
        return _VARIABLE.sub(lambda match: environment.get(match[1], ""), capture.value)
    if capture.json is not None:
        return _pointed(capture, stdout)
    # With MULTILINE ^ and $ are those of a line: outputs have many, and banners before them.
    match = re.search(capture.regex or "", stdout, re.MULTILINE)
    if match is None:
        raise CaptureFailed(f"{capture.name}: nothing in the output matches {capture.regex!r}")
    return match[1] if match.re.groups else match[0]


def _pointed(capture: Capture, stdout: str) -> Any:
    """Return what a JSON pointer (RFC 6901) finds in the output."""
    try:
        value = json.loads(stdout)
    except ValueError:
        raise CaptureFailed(f"{capture.name}: the output is not JSON: {stdout[:80]!r}") from None
    for part in (capture.json or "").split("/")[1:]:
        # RFC 6901, section 4: ~1 before ~0, else ~01 would become a slash.
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError, ValueError):
            raise CaptureFailed(f"{capture.name}: the output has nothing at {capture.json}") from None
    return value

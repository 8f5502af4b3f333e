"""The values of a runbook's inputs: from what was typed to what conditions compare with.

Owns the two forms that only inputs have, durations and sizes; the others are those of captures. Must never look at a
file that an input names (the runtime does).
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from haops.core.capture import FORMS
from haops.core.runbook import Input
from haops.errors import InputError
from haops.formats.suggestions import nearest

DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
# As Kubernetes writes quantities: k, M, G, T are powers of ten, Ki, Mi, Gi, Ti of two.
_SIZE = re.compile(r"([0-9]+)(|k|M|G|T|Ki|Mi|Gi|Ti)B?")
_BYTES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def seconds(text: Any) -> float:
    """Return the seconds that `500ms`, `5s`, `10m` or `1h` stand for. Raises ValueError."""
    found = DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(text)
    return float(found[1]) * _SECONDS[found[2]]


def size_bytes(text: Any) -> int:
    """Return the bytes that `512`, `100M` or `8GiB` stand for. Raises ValueError."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    found = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(text)
    return int(found[1]) * _BYTES[found[2]]


INPUT_FORMS: Mapping[str, Callable[[Any], Any]] = {**FORMS, "duration": seconds, "bytes": size_bytes}
"""Form -> reader; a reader raises ValueError or KeyError for what does not have it."""


def read_inputs(inputs: Iterable[Input], given: Mapping[str, str], *, directory: str) -> dict[str, Any]:
    """Return the values of the inputs that were given; relative paths are from `directory`.

    Raises InputError for a name that the runbook does not ask for, a value without its form, or one that is missing.
    """
    wanted = {wanted.name: wanted for wanted in inputs}
    for name in given:
        if name not in wanted:
            names = [alike] if (alike := nearest(name, wanted)) else sorted(wanted)
            remedy = " or ".join(f"--input {known}=..." for known in names)
            raise InputError(f"the runbook has no input {name}", remedy=remedy)
    for name, entry in wanted.items():
        if name not in given and entry.default is None and not entry.optional and entry.discover is None:
            raise InputError(f"the runbook needs the input {name}: {entry.help}", remedy=f"--input {name}=...")
    return {name: _read(wanted[name], text, directory) for name, text in given.items()}


def _read(wanted: Input, text: str, directory: str) -> Any:
    """Return one value in its form."""
    # Absolute, so that it means the same in a process that resumes the session elsewhere.
    written = posixpath.normpath(posixpath.join(directory, text)) if wanted.type == "path" else text
    try:
        return INPUT_FORMS[wanted.type](written)
    except (ValueError, KeyError):
        raise InputError(f"{wanted.name} is not of the form {wanted.type}: {text[:80]!r}") from None

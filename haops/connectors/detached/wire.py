"""How orders and environments are written for the texts on the host, and how their replies are read.

Owns that encoding. Must never write a value into anything that a shell reads other than inside single quotes.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from haops.connectors.seam import Order
from haops.errors import InputError

GREETING = b"haops1"
END = b"haops-end\n"
# The shell on the host holds all of an order in its variables; files travel by copy.
MAX_SCRIPT_BYTES = 1 << 20
MAX_ENVIRONMENT_BYTES = 1 << 20
MAX_OUTPUT_BYTES = 1 << 20
"""What is kept of each of the two outputs."""

_LONGEST_BY_LINE = 2048
"""Blocks up to this size the shell reads itself, byte by byte; for longer ones a process that reads pays for itself."""

# \Z and not $, which would let a newline through at the end.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")
_RESERVED = re.compile(
    r"(haops_.*|LD_.*|BASH.*|PATH|IFS|ENV|CDPATH|SHELLOPTS|GLOBIGNORE|PS[0-9]|OPT(IND|ARG)|"
    r"E?UID|PPID|PWD|OLDPWD|LINENO|FUNCNAME|GROUPS|DIRSTACK|PIPESTATUS|SHELL|_)\Z"
)
"""Names that change how programs are found or loaded, that a shell keeps for itself, or that the texts use."""

_ATTEMPT_ID = re.compile(r"[0-9a-f]{32}\Z")
_WORD = re.compile(r"[A-Za-z0-9._:@+-]{1,200}\Z")


def check_attempt_id(attempt_id: str) -> str:
    """Return the id; InputError if it is not 32 hexadecimal digits (it becomes a directory's name)."""
    if not _ATTEMPT_ID.match(attempt_id):
        raise InputError(f"{attempt_id!r} is no attempt id", remedy="use 32 lower-case hexadecimal digits")
    return attempt_id


def encode_environment(environment: Mapping[str, str]) -> bytes:
    """Write variables as sh exports. Inside single quotes sh changes no byte, and no byte but the quote ends them.

    Raises InputError for a name that is none, or that steers the shell itself, and for a value that holds a NUL.
    """
    lines = []
    for name, value in environment.items():
        if not _NAME.match(name) or _RESERVED.match(name):
            raise InputError(f"{name!r} cannot be the name of a step's variable", remedy="choose another name")
        if "\0" in value:
            raise InputError(f"the value of {name} holds a NUL character", remedy="no environment can carry one")
        # POSIX sh: nothing ends a single-quoted string but the quote, and none can stand inside it.
        quoted = value.replace("'", "'\\''")
        lines.append(f"export {name}='{quoted}'\n")
    return _limited("".join(lines), MAX_ENVIRONMENT_BYTES, "the environment")


def encode_read(script: str, environment: Mapping[str, str]) -> bytes:
    """Write the input of read.sh."""
    blocks = (encode_environment(environment), _encode_script(script))
    return b" ".join(_size(block) for block in blocks) + b"\n" + b"".join(_block(block) for block in blocks) + END


def encode_order(order: Order, directory: str) -> bytes:
    """Write the input of launch.sh. One byte more than the limit is asked for, to see that there is more."""
    blocks = (encode_environment(order.environment), encode_environment(order.secrets), _encode_script(order.script))
    identity = (
        check_attempt_id(order.attempt_id),
        script_hash(order.script),
        _word(order.session_id),
        str(order.sequence),
        _word(order.head),
    )
    sizes = b" ".join((*(_size(block) for block in blocks), b"%d" % (MAX_OUTPUT_BYTES + 1)))
    content = b"".join(_block(block) for block in blocks) + END
    recorded = " ".join(check_attempt_id(earlier) for earlier in order.recorded) or "-"
    return b"\n".join((" ".join(identity).encode(), encode_path(directory), recorded.encode(), sizes, content))


def script_hash(script: str) -> str:
    """Return the SHA-256 of a script's bytes as hexadecimal text."""
    return hashlib.sha256(script.encode(errors="surrogateescape")).hexdigest()


def encode_path(path: str) -> bytes:
    """Write a path as one line; InputError if it cannot be one."""
    if not path or "\n" in path or "\0" in path:
        raise InputError(f"{path!r} cannot be a path on a host", remedy="use one without newlines")
    return path.encode(errors="surrogateescape")


_FIELDS: Mapping[str, int | None] = {
    "started": 1,
    "accepted": 1,
    "already": 0,
    "cancelled": 0,
    "ended": 4,
    "report": 10,
    "asked": 0,
    "stored": 1,
    "content": 1,
    "failed": None,
}
"""Every word with which a text may answer, and how many fields follow it (None: any number)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The line with which a text answers: its word and what follows it."""

    word: str
    rest: tuple[str, ...]


def parse_reply(line: bytes) -> Reply | None:
    """Read a reply line; None if it is none (something else on the host spoke)."""
    greeting, *words = line.decode("ascii", "replace").split() or [""]
    if greeting.encode() != GREETING or not words or words[0] not in _FIELDS:
        return None
    word, *rest = words
    # With another number of fields it is cut, or somebody else's.
    return Reply(word, tuple(rest)) if _FIELDS[word] in (None, len(rest)) else None


def _encode_script(script: str) -> bytes:
    if "\0" in script:
        raise InputError("the script holds a NUL character", remedy="remove it")
    return _limited(script, MAX_SCRIPT_BYTES, "the script")


def _size(block: bytes) -> bytes:
    if len(block) > _LONGEST_BY_LINE:
        return b"b%d" % len(block)
    return b"l%d" % (block.count(b"\n") + 1 if block else 0)


def _block(block: bytes) -> bytes:
    return block + b"\n" if block and len(block) <= _LONGEST_BY_LINE else block


def _limited(text: str, limit_bytes: int, what: str) -> bytes:
    encoded = text.encode(errors="surrogateescape")
    if len(encoded) > limit_bytes:
        raise InputError(
            f"{what} has {len(encoded)} bytes, more than {limit_bytes}", remedy="copy a file there instead"
        )
    return encoded


def _word(text: str) -> str:
    if text and not _WORD.match(text):
        raise InputError(f"{text!r} cannot be noted on a host", remedy="use letters, digits and .:_-")
    return text or "-"

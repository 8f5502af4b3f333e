r"""One journal record and its line of text, in both directions, and the chain that binds the lines.

    H1 <payload length: 8 hex> <hash: 64 hex> <payload>\n

The payload is canonical JSON (RFC 8785) without floats; the hash covers domain, session, the hash before, length and
payload, all as stored. Owns that format and what makes a line right or wrong. Must never touch a file, and must never
repair anything: what does not verify is named, not mended.
"""

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import rfc8785

from haops.core.text import visible

GENESIS: Final = "0" * 64
"""`prev` of a session's first record."""
VERSION: Final = 1
MAX_PAYLOAD_BYTES: Final = 4 * 1024 * 1024
"""A longer record is refused: recovery may drop at most one of these, and output belongs into blobs."""

# Keeps these hashes apart from every other SHA-256 over the same bytes.
_DOMAIN = b"haops-journal-v1\0"
# "H1", the length and the hash, with a space behind each.
_HEADER_BYTES = 3 + 8 + 1 + 64 + 1
# RFC 8785 writes numbers as IEEE 754 doubles: beyond this two integers could have one text.
_INTEGER_LIMIT = 2**53
_LONG_NUMBER = re.compile(rb"[:,\[]-?[0-9]{16}")
# Python's own limit is hit at about a thousand, by RecursionError, wherever a reader happens to be.
_MAX_DEPTH = 64
_FRAME = re.compile(rb"H1 [0-9a-f]{8} [0-9a-f]{64} \{")
_HEX = re.compile(r"[0-9a-f]{64}")
_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class BadLine(ValueError):
    """A line that is no record, or not the record that stands here; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing written down.

    `wall` is UTC in ISO 8601 with microseconds and Z, `mono_us` the monotonic clock of boot `boot` in microseconds.
    `attempt` is empty where no attempt is concerned. `prev` is the hash of the record before.
    """

    seq: int
    type: str
    wall: str
    mono_us: int
    boot: str
    actor: str
    attempt: str
    body: Mapping[str, Any]
    sid: str
    prev: str
    hash: str
    v: int = VERSION


class _Payload(msgspec.Struct, forbid_unknown_fields=True):
    """The payload as it is written: a record without its hash, in the file's own words."""

    actor: str
    attempt: str
    body: dict[str, Any]
    boot: str
    mono: int
    prev: str
    seq: int
    sid: str
    type: str
    v: int
    wall: str

    def record(self, digest: str) -> Record:
        """Return the record of this payload."""
        return Record(
            seq=self.seq, type=self.type, wall=self.wall, mono_us=self.mono, boot=self.boot, actor=self.actor,
            attempt=self.attempt, body=self.body, sid=self.sid, prev=self.prev, hash=digest, v=self.v,
        )  # fmt: skip


@dataclass(slots=True)
class Chain:
    """Where a chain stands: the next record must be number `next_seq`, of this session, and follow `head`.

    `sid` is empty before the first record is known.
    """

    sid: str = ""
    next_seq: int = 1
    head: str = GENESIS

    def take(self, line: bytes) -> Record:
        """Return the line's record and move on. Raises BadLine, and then stays where it was."""
        record = parse_line(line, self.sid)
        if record.seq != self.next_seq:
            raise BadLine(f"record {record.seq} stands where record {self.next_seq} belongs")
        if record.prev != self.head:
            raise BadLine(f"record {record.seq} does not follow the record before it: one of the two was changed")
        self.advance(record)
        return record

    def advance(self, record: Record) -> None:
        """Move past a record that is known to follow."""
        self.sid = record.sid
        self.next_seq = record.seq + 1
        self.head = record.hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be written down, before it has its place in the chain."""

    type: str
    wall: str
    mono_us: int
    boot: str
    actor: str
    attempt: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


def is_session_id(text: str) -> bool:
    """Whether the text can name a session: letters, digits, `.`, `_` and `-`, so that it is safe as a file name."""
    return _SESSION_ID.fullmatch(text) is not None


def seal(entry: Entry, chain: Chain) -> tuple[Record, bytes]:
    """Return the record that follows the chain and its line; the chain is left alone.

    Raises ValueError for a body that cannot be kept exactly: a float, an integer of 2^53 or more, a key that is no
    text, another type than JSON's, or more than MAX_PAYLOAD_BYTES.
    """
    fields = _Payload(
        actor=_text(entry.actor), attempt=_text(entry.attempt), body=_plain_mapping(entry.body, 0), boot=entry.boot,
        mono=entry.mono_us, prev=chain.head, seq=chain.next_seq, sid=chain.sid, type=entry.type, v=VERSION,
        wall=entry.wall,
    )  # fmt: skip
    payload = canonical_json(fields)
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"{entry.type}: a record of {len(payload)} bytes; the limit is {MAX_PAYLOAD_BYTES}")
    digest = _digest(chain.sid, chain.head, payload)
    return fields.record(digest), b"H1 %08x %s %s\n" % (len(payload), digest.encode(), payload)


def parse_line(line: bytes, sid: str = "") -> Record:
    """Return the record of a whole line, newline included, checked by itself: form, own hash, canonical payload.

    With `sid`, a record of another session is refused. Raises BadLine.
    """
    payload, digest = _split(line)
    fields = _fields(payload)
    if _digest(fields.sid, fields.prev, payload) != digest:
        raise BadLine("the hash does not fit the content")
    if sid and fields.sid != sid:
        raise BadLine(f"a record of another session ({fields.sid})")
    return fields.record(digest)


def find_whole_lines(content: bytes, sid: str = "") -> list[tuple[int, Record]]:
    """Return (offset, record) of every line in the bytes that is right by itself, also behind a damaged newline.

    Tells a torn tail (none) from damage in the middle (some).
    """
    found: list[tuple[int, Record]] = []
    offset = 0
    for line in io.BytesIO(content):
        frames = [match.start() for match in _FRAME.finditer(line)]
        # A line holds one record, or two if a newline was hit; more frames are an attempt to make this slow.
        for start in frames[-2:]:
            record = _try_line(line[start:], sid)
            if record:
                found.append((offset + start, record))
        offset += len(line)
    return found


def canonical_json(value: Any) -> bytes:
    """Return the value as RFC 8785 writes it. The value holds no floats; raises ValueError for lone surrogates."""
    payload = _ENCODER.encode(value)
    # Sorted by code point is sorted by UTF-16 unit, as RFC 8785 wants it, unless there are keys beyond the surrogates.
    if payload.isascii() or max(payload.decode()) < "\ud800":
        return payload
    return rfc8785.dumps(msgspec.to_builtins(value))


def _try_line(line: bytes, sid: str) -> Record | None:
    """Return the line's record, or None if it is not right by itself."""
    try:
        return parse_line(line, sid)
    except BadLine:
        return None


def _digest(sid: str, prev: str, payload: bytes) -> str:
    """Return the hash over everything that fixes a record's content and place."""
    # Session and hash before are hashed too: a record from another journal, or place, does not fit.
    # The zero byte ends the id, whose length alone is not fixed: no two places have the same bytes.
    place = b"%s%s\0%s%08x" % (_DOMAIN, sid.encode(), prev.encode(), len(payload))
    return hashlib.sha256(place + payload).hexdigest()


def _split(line: bytes) -> tuple[bytes, str]:
    """Return payload and hash of a line whose frame is right."""
    if not line.endswith(b"\n"):
        raise BadLine("the line has no end")
    payload = line[_HEADER_BYTES:-1]
    digest = line[12:76]
    # Written anew and compared: no other spelling of a length passes, such as upper case or a sign.
    if line[:_HEADER_BYTES] != b"H1 %08x %s " % (len(payload), digest):
        raise BadLine("not the frame of a record (H1, length, hash)")
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise BadLine(f"longer than any record may be ({len(payload)} bytes)")
    # The comparison with a computed hash follows; here it only has to be text.
    return payload, digest.decode("ascii", "replace")


def _fields(payload: bytes) -> _Payload:
    """Return the payload's fields, which have exactly the names, types and spelling that a writer gives them."""
    try:
        fields = _DECODER.decode(payload)
        spelled = canonical_json(fields)
        # No shorter number is beyond 2^53: the slow look at every value is kept for these.
        if _LONG_NUMBER.search(payload):
            _plain(msgspec.structs.asdict(fields), 0)
    except (ValueError, RecursionError) as error:
        # The error may quote what stands there, and its reader prints it.
        raise BadLine(visible(f"not a payload that this haops knows: {error}")) from None
    # Duplicate keys, other number forms, spaces and byte order marks all end here: one reading only.
    if spelled != payload:
        raise BadLine("the payload is not in canonical form")
    if fields.v != VERSION or not is_session_id(fields.sid) or not _HEX.fullmatch(fields.prev):
        raise BadLine("the payload's version, session or previous hash is not one that this haops knows")
    return fields


def _refuse_float(text: str) -> float:
    """Refuse a number that two programs could read differently."""
    raise ValueError(f"the number {text[:40]} is not an integer")


def _plain(value: Any, depth: int) -> Any:
    """Return the value in JSON's own types. Raises ValueError naming the place of what does not fit."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _plain_integer(value)
    if depth > _MAX_DEPTH:
        raise ValueError(f"nested more than {_MAX_DEPTH} deep")
    if isinstance(value, dict | Mapping):
        return _plain_mapping(value, depth + 1)
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    raise ValueError(f"{value!r:.80} cannot be kept exactly; write an integer or a text")


def _plain_mapping(mapping: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    """Return the mapping as a dict of plain values."""
    plain: dict[str, Any] = {}
    for key, value in mapping.items():
        if not isinstance(key, str):
            raise ValueError(f"the key {key!r:.80} is not a text")  # noqa: TRY004 - one error for what cannot be kept
        try:
            plain[_text(key)] = _plain(value, depth)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None
    return plain


def _plain_integer(value: int) -> int:
    """Return the integer as a plain one, if every reader of JSON gets the same."""
    if abs(value) >= _INTEGER_LIMIT:
        raise ValueError(f"{value} is beyond 2^53; write it as a text")
    return int(value)


def _text(text: str) -> str:
    """Return the text with lone surrogates written out: an outcome must not be lost over a file name's odd byte."""
    # A text of a subclass, such as an enum's, becomes a plain one.
    if text.isascii():
        return str.__str__(text)
    return text.encode("utf-8", "backslashreplace").decode()


_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder(_Payload, float_hook=_refuse_float)

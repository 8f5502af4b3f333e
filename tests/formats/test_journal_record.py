import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from journals import BOOT, sealed

from haops.formats import journal_record
from haops.formats.journal_record import (
    GENESIS,
    BadLine,
    Chain,
    Entry,
    canonical_json,
    find_whole_lines,
    is_session_id,
    parse_line,
    seal,
)

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(texts, children, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(texts, values, max_size=5)


def entry(body: dict[str, object]) -> Entry:
    """Return an entry with this body."""
    return Entry(type="note.added", wall="2026-11-21T03:14:07.000000Z", mono_us=5, boot=BOOT, actor="ops", body=body)


@pytest.mark.slow
@given(bodies)
def test_a_record_comes_back_from_its_line_as_it_was(body: dict[str, object]) -> None:
    """What is written down is what is read, whatever JSON values an event has."""
    record, line = seal(entry(body), Chain(sid="s-1"))
    assert parse_line(line) == record
    assert record.body == body


@given(values)
def test_the_payload_is_what_rfc_8785_says(value: object) -> None:
    """Any program in any language can rebuild the bytes that are hashed, also for keys beyond the basic plane."""
    assert canonical_json(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_keys_beyond_the_basic_plane_are_sorted_as_utf_16() -> None:
    """The one case in which code points and UTF-16 units sort differently."""
    assert canonical_json({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()


def test_a_line_can_be_checked_with_nothing_but_sha256() -> None:
    """The format is simple enough to be checked by hand when haops itself is broken."""
    import hashlib  # noqa: PLC0415 - the point of the test is how little is needed

    _, line = sealed(1, Chain(sid="s-1"))
    magic, length, digest, payload = line.rstrip(b"\n").split(b" ", 3)
    hashed = b"haops-journal-v1\0s-1\0" + GENESIS.encode() + length + payload
    assert (magic, int(length, 16)) == (b"H1", len(payload))
    assert hashlib.sha256(hashed).hexdigest().encode() == digest
    assert json.loads(payload)["sid"] == "s-1"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"a": {"b": 1.5}}, "a: b: 1.5 cannot be kept exactly"),
        ({"a": [2**53]}, "a: 9007199254740992 is beyond 2^53"),
        ({"a": b"bytes"}, "a: b'bytes' cannot be kept exactly"),
        ({1: "x"}, "the key 1 is not a text"),
        ({"a": {None: 1}}, "a: the key None is not a text"),
        ({"a": object}, "cannot be kept exactly"),
        ({"a": "x" * 4_200_000}, "the limit is 4194304"),
    ],
)
def test_what_cannot_be_kept_exactly_is_refused_with_its_place(body: dict[str, object], message: str) -> None:
    """Floats and large integers are read differently by different programs; nothing is rounded silently."""
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace("^", r"\^")):
        seal(entry(body), Chain(sid="s-1"))


def test_a_body_nested_without_end_is_refused() -> None:
    """A value that contains itself ends in an error, not in a crash."""
    body: dict[str, object] = {}
    body["again"] = body
    with pytest.raises(ValueError, match="nested more than"):
        seal(entry(body), Chain(sid="s-1"))


def test_an_odd_file_name_does_not_lose_the_outcome() -> None:
    """A lone surrogate, as Python makes of bytes that are no UTF-8, is written out instead of refused."""
    record, line = seal(entry({"evidence": "cannot open \udcff.db", "\udc80": 1}), Chain(sid="s-1"))
    assert parse_line(line) == record
    assert record.body == {"evidence": "cannot open \\udcff.db", "\\udc80": 1}


def test_every_single_bit_of_a_line_is_protected() -> None:
    """No flipped bit anywhere in a line leaves a line that is accepted."""
    _, line = sealed(1, Chain(sid="s-1"))
    accepted = [place for place in range(len(line) * 8) if _is_accepted(_flipped(line, place))]
    assert accepted == []


def _flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _is_accepted(line: bytes) -> bool:
    try:
        parse_line(line)
    except BadLine:
        return False
    return True


def framed(payload: bytes, sid: str = "s-1") -> bytes:
    """Return a line whose frame and hash are right, whatever the payload is: what a forger can make."""
    digest = journal_record._digest(sid, GENESIS, payload)
    return b"H1 %08x %s %s\n" % (len(payload), digest.encode(), payload)


PAYLOAD = sealed(7, Chain(sid="s-1"), text="ok")[1][journal_record._HEADER_BYTES : -1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"body":{', b'"actor":"x","body":{'),
        (b'"mono":7', b'"mono":7,"mono":8'),
        (b'"mono":7', b'"mono":7.0'),
        (b'"mono":7', b'"mono":7e0'),
        (b'"mono":7', b'"mono":1e400'),
        (b'"mono":7', b'"mono":-0'),
        (b'"mono":7', b'"mono":07'),
        (b'"mono":7', b'"mono":NaN'),
        (b'"mono":7', b'"mono":Infinity'),
        (b'"mono":7', b'"mono":9007199254740993'),
        (b'"mono":7', b'"mono":99999999999999999999999999'),
        (b'"mono":7', b'"mono":"7"'),
        (b'"mono":7', b'"mono":true'),
        (b'"mono":7', b'"mono":null'),
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":1,"w":1'),
        (b'"v":1,', b""),
        (b'"sid":"s-1"', b'"sid":"../../s-1"'),
        (b'"prev":"0', b'"prev":"g'),
        (b'"seq":1,"sid":"s-1"', b'"sid":"s-1","seq":1'),
        (b'":', b'": '),
        (b",", b", "),
        (b'"ok"', b'"\\u006fk"'),
        (b'"ok"', b'"\\ud800"'),
        (b'"ok"', b'"\\/"'),
        (b'"ok"', b'"\xff"'),
        (b'"ok"', b'"\x01"'),
        (b'"ok"', b'"\xed\xa0\x80"'),
        (b'"ok"', b"'ok'"),
        (b'"ok"', b"[" * 100_000 + b"]" * 100_000),
        (b"{", b"\xef\xbb\xbf{"),
        (b"}", b"}\r"),
        (b"}", b"} "),
        (b"}", b"},{}"),
        (PAYLOAD, b"[]"),
        (PAYLOAD, b"null"),
        (PAYLOAD, b""),
    ],
)
def test_a_payload_that_two_programs_could_read_differently_is_refused(before: bytes, after: bytes) -> None:
    """One reading only: other spellings of the same or of nearly the same payload are no record, right hash or not."""
    assert parse_line(framed(PAYLOAD)).seq == 1
    payload = PAYLOAD.replace(before, after)
    assert payload != PAYLOAD
    assert not _is_accepted(framed(payload))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"H1 \n",
        framed(PAYLOAD)[:-1],
        framed(PAYLOAD).upper(),
        framed(PAYLOAD).replace(b"H1 ", b"H2 "),
        b" " + framed(PAYLOAD),
        framed(PAYLOAD)[:-1] + b"\r\n",
        framed(PAYLOAD).replace(b"H1 0000", b"H1 +000"),
    ],
)
def test_a_line_without_the_exact_frame_is_refused(line: bytes) -> None:
    """Magic, eight digits of length, sixty-four of hash, in lower case, and the newline."""
    assert not _is_accepted(line)


def test_a_record_of_another_session_is_refused() -> None:
    """A line cannot be moved between journals: the session is in the hashed bytes and asked for."""
    _, line = sealed(1, Chain(sid="s-2"))
    with pytest.raises(BadLine, match="another session"):
        parse_line(line, "s-1")


def test_the_chain_names_the_record_that_does_not_follow() -> None:
    """A record out of its place, or after one that was changed, is refused; the chain stays where it was."""
    chain = Chain(sid="s-1")
    _, first = sealed(1, chain)
    chain.take(first)
    _, second = sealed(2, chain)
    _, forged = sealed(2, Chain("s-1", 2, "f" * 64))
    with pytest.raises(BadLine, match="record 1 stands where record 2 belongs"):
        chain.take(first)
    with pytest.raises(BadLine, match="record 2 does not follow"):
        chain.take(forged)
    assert chain.take(second).seq == 2


def test_whole_lines_are_found_behind_a_damaged_newline() -> None:
    """A record glued to a broken one is still found, with its place; pieces of records are not."""
    _, first = sealed(1, Chain(sid="s-1"))
    _, second = sealed(2, Chain("s-1", 2, "a" * 64))
    content = first[:-1] + b"X" + second + first[: len(first) // 2]
    assert [(place, record.seq) for place, record in find_whole_lines(content)] == [(len(first), 2)]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-a", "a b", "a\n", "é", "x" * 129])
def test_a_session_cannot_be_named_like_a_path(name: str) -> None:
    """A session's id becomes a directory's name."""
    assert not is_session_id(name)

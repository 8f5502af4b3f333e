import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from journals import StandingClock, first_segment, lines_of, sealed, write_journal

from haops.errors import JournalDamaged
from haops.formats.journal_record import Chain, Record
from haops.runtime.journal_file import JournalWriter, State, read_journal
from haops.runtime.journal_reader import JournalScan

COUNT = 12
Lines = list[bytes]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small journal; never changed, only copied."""
    directory = tmp_path_factory.mktemp("original") / "s-1"
    write_journal(directory, COUNT)
    return directory


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(original, tmp_path / "s-1"))


def scan_of(directory: Path, lines: Lines) -> JournalScan:
    """Return the scan of a journal with these lines."""
    first_segment(directory).write_bytes(b"".join(lines))
    return read_journal(directory)


def test_every_flipped_bit_is_found_and_located(original: Path, copy: Path) -> None:
    """Whatever single bit of a journal changes, the record is named, and all records before it are still read."""
    lines = lines_of(original)
    content = b"".join(lines)
    chance = random.Random(7)  # noqa: S311 - a sample; every bit of one line is tried in test_journal_record
    for bit in chance.sample(range(len(content) * 8), 1500):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        first_segment(copy).write_bytes(changed)
        scan = read_journal(copy)
        hit = _line_at(lines, bit // 8)
        assert scan.state is State.DAMAGED, bit
        assert scan.problem
        assert (scan.count, scan.problem.seq) == (hit, hit + 1), bit


def _line_at(lines: Lines, offset: int) -> int:
    """Return the index of the line that holds a byte."""
    for index, line in enumerate(lines):
        offset -= len(line)
        if offset < 0:
            return index
    raise AssertionError(offset)


def _swap(lines: Lines, place: int) -> int:
    lines[place], lines[place + 1] = lines[place + 1], lines[place]
    return place + 1


def _delete(lines: Lines, place: int) -> int:
    del lines[place]
    return place + 1


def _duplicate(lines: Lines, place: int) -> int:
    lines.insert(place + 1, lines[place])
    return place + 2


def _edit(lines: Lines, place: int) -> int:
    lines[place] = lines[place].replace(b"note", b"vote")
    return place + 1


def _insert_forged(lines: Lines, place: int) -> int:
    # Right in form, number and hash: only the record after it does not follow.
    before = json.loads(lines[place][77:])
    lines.insert(place, sealed(1, Chain("s-1", before["seq"], before["prev"]))[1])
    return place + 2


def _replace_forged(lines: Lines, place: int) -> int:
    before = json.loads(lines[place][77:])
    lines[place] = sealed(1, Chain("s-1", before["seq"], before["prev"]), text="never happened")[1]
    return place + 2


def _insert_foreign(lines: Lines, place: int) -> int:
    before = json.loads(lines[place][77:])
    lines.insert(place, sealed(1, Chain("s-2", before["seq"], before["prev"]))[1])
    # The first record says whose journal it is, so behind a foreign one it is the second that does not fit.
    return max(place + 1, 2)


CHANGES: list[Callable[[Lines, int], int]] = [
    _swap, _delete, _duplicate, _edit, _insert_forged, _replace_forged, _insert_foreign,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("place", range(COUNT - 1))
def test_every_edit_is_found_with_its_record(
    original: Path, copy: Path, change: Callable[[Lines, int], int], place: int
) -> None:
    """Swapped, deleted, doubled, edited, forged or foreign records: the first one that does not fit is named."""
    lines = lines_of(original)
    named = change(lines, place)
    if change is _delete:
        named = min(named, COUNT)
    scan = scan_of(copy, lines)
    assert scan.state in {State.DAMAGED, State.TRUNCATED}
    assert scan.problem
    assert scan.problem.seq == named
    with pytest.raises(JournalDamaged, match=f"record {named}|ends with record"):
        JournalWriter.resume(copy, StandingClock())


def test_a_resumed_damaged_journal_stays_as_it_is(copy: Path) -> None:
    """Damage is for a person: not a byte of it is changed, and no lock stays behind."""
    lines = lines_of(copy)
    del lines[4]
    scan_of(copy, lines)
    for _ in range(2):
        with pytest.raises(JournalDamaged, match="record 5"):
            JournalWriter.resume(copy, StandingClock())
    assert lines_of(copy) == lines
    assert not (copy / "quarantine").exists()


def test_what_stands_behind_the_damage_can_still_be_read(original: Path, copy: Path) -> None:
    """The rest of a damaged journal is evidence too; it is handed out apart."""
    lines = lines_of(original)
    lines[5] = lines[5].replace(b"note", b"vote")
    scan = scan_of(copy, lines)
    assert [record.seq for record in scan.records] == list(range(1, 6))
    assert [record.seq for record in scan.stranded] == list(range(7, COUNT + 1))


@pytest.mark.parametrize("kept", range(COUNT))
def test_a_cut_tail_is_seen_while_the_hint_knows_more(original: Path, copy: Path, kept: int) -> None:
    """Cut at the border of a record the chain is whole, but the file `head` still knows how far it had come."""
    scan = scan_of(copy, lines_of(original)[:kept])
    assert (scan.state, scan.count) == (State.TRUNCATED, kept)
    assert scan.problem
    assert f"ends with record {kept}, but record {COUNT} had been kept" in scan.problem.reason
    with pytest.raises(JournalDamaged):
        JournalWriter.resume(copy, StandingClock())


def test_a_tail_cut_together_with_the_hint_is_stated_as_not_proven(original: Path, copy: Path) -> None:
    """Without an anchor outside nobody can see it; then the hint's absence is said."""
    (copy / "head").unlink()
    scan = scan_of(copy, lines_of(original)[:6])
    assert (scan.state, scan.count) == (State.CLEAN, 6)
    assert "`head` is missing" in scan.notes[0]


def test_a_rewritten_end_does_not_fit_the_hint(original: Path, copy: Path) -> None:
    """A last record replaced by a forged one, right in every way, is not the one that the hint knows."""
    lines = lines_of(original)
    _replace_forged(lines, COUNT - 1)
    scan = scan_of(copy, lines)
    assert scan.state is State.DAMAGED
    assert scan.problem
    assert f"record {COUNT} is not the one that the hint" in scan.problem.reason


def test_a_missing_segment_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments are counted: one that is missing in the middle is named, and what follows is kept apart."""
    monkeypatch.setattr("haops.runtime.journal_segment.LIMIT_BYTES", 1500)
    write_journal(tmp_path / "s-1", 12)
    (tmp_path / "s-1/000002.hj").unlink()
    scan = read_journal(tmp_path / "s-1")
    assert scan.state is State.DAMAGED
    assert scan.problem
    assert "before 000003.hj is missing" in scan.problem.reason
    assert scan.count + len(scan.stranded) < 12


def test_a_whole_rewrite_from_the_middle_is_seen_by_the_hint(original: Path, copy: Path) -> None:
    """A chain that was forged consistently from one record on ends with another hash."""
    lines = lines_of(original)[:4]
    chain = Chain()
    for line in lines:
        chain.take(line)
    for number in range(5, COUNT + 1):
        record: Record
        record, line = sealed(number, chain, text="never happened")
        chain.advance(record)
        lines.append(line)
    assert scan_of(copy, lines).state is State.DAMAGED

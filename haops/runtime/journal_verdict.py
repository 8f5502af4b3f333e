"""What is proven about a stored journal, and what is not.

Owns the verdict's words. Signatures and outside anchors will add to what is proven; until then it says that there are
none, so that nobody takes "consistent" for more than it is.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from haops.errors import JournalDamaged
from haops.formats.journal_record import Record
from haops.runtime.blobs import load_blob
from haops.runtime.journal_reader import JournalScan, State, open_journal, verify_journal

OUTPUT_FIELDS = ("stdout", "stderr")
# A torn end was promised to nobody: it is no damage.
_GOOD = {State.CLEAN, State.TORN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The scan of a journal and of the outputs that its records name."""

    scan: JournalScan
    outputs: int
    output_problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything that was kept is still there as it was written, as far as can be told from here."""
        return self.scan.state in _GOOD and not self.output_problems

    @property
    def signed_by(self) -> str:
        """Whose key vouches for the records; empty: nobody's."""
        return ""

    @property
    def anchored_to(self) -> int:
        """Up to which record someone outside knows the journal; 0: nobody does."""
        return 0

    def sentences(self) -> list[str]:
        """Return the verdict in words, the most important first."""
        scan = self.scan
        said = [f"{scan.count} records consistent; signed by nobody; length not anchored"]
        if scan.problem:
            said.insert(0, _problem_sentence(scan))
        if scan.stranded:
            numbers = ", ".join(str(record.seq) for record in scan.stranded[:10])
            said.append(f"{len(scan.stranded)} whole records stand behind the bad place: {numbers}")
        said += [f"output: {problem}" for problem in self.output_problems]
        if self.outputs and not self.output_problems:
            said.append(f"{self.outputs} outputs are there and as recorded")
        return [*said, *scan.notes]


def judge_journal(path: Path) -> Verdict:
    """Check a journal and the outputs that it names. Raises JournalError if there is no journal to be read."""
    named: dict[str, int] = {}
    scan = verify_journal(path, lambda record: _note_outputs(record, named))
    return Verdict(scan=scan, outputs=len(named), output_problems=_check_outputs(path, named))


def _problem_sentence(scan: JournalScan) -> str:
    """Return what is wrong and where."""
    problem = scan.problem
    if problem is None:
        return ""
    where = f"{problem.segment}, byte {problem.offset}, {problem.length} bytes"
    if scan.state is State.TORN:
        return f"an unfinished record at the end ({where}), as a crash leaves it; resuming puts it aside"
    return f"{scan.state.value.upper()}: {problem.reason} ({where})"


def _note_outputs(record: Record, named: dict[str, int]) -> None:
    """Remember the outputs that a record names, with the record that names them first."""
    for field in OUTPUT_FIELDS:
        name = record.body.get(field)
        if isinstance(name, str) and name and record.type.startswith("attempt."):
            named.setdefault(name, record.seq)


def _check_outputs(path: Path, named: dict[str, int]) -> tuple[str, ...]:
    """Return what is wrong with the outputs."""
    problems: list[str] = []
    directory = open_journal(path)
    try:
        for name, seq in named.items():
            try:
                load_blob(directory, name)
            except JournalDamaged as damage:
                problems.append(f"record {seq}: {damage.message}")
    finally:
        os.close(directory)
    return tuple(problems)

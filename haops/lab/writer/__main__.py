"""The writing process: `python -m haops.lab.writer INVENTORY RECORD RATE_PER_S`, requests and replies as JSON lines.

Requests: `{"ask": "status"}` and `{"ask": "check", "within_s": 60}`. Ends when nobody asks any more.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from haops.errors import HaopsError
from haops.formats.inventory_yaml import parse_inventory
from haops.lab.writer.places import open_place
from haops.lab.writer.record import WriteRecord, outages
from haops.lab.writer.writing import Writing


def serve(inventory: Path, record: Path, rate_per_s: float) -> None:
    """Write until standard input ends, answering what is asked there."""
    place = open_place(parse_inventory(inventory.read_bytes(), str(inventory)))
    writes = WriteRecord(record)
    writing = Writing(place, writes, rate_per_s=rate_per_s)
    writing.start()
    # It ends with whoever asks, also with one that was killed.
    for line in sys.stdin:
        print(json.dumps(_reply(json.loads(line), writing, writes)), flush=True)
    writing.stop()
    writes.close()
    place.close()


def _reply(request: Mapping[str, Any], writing: Writing, record: WriteRecord) -> Mapping[str, Any]:
    """Return the counts, and for a check also what was lost."""
    reply: dict[str, Any] = {}
    if request["ask"] == "check":
        # What is read back must not grow meanwhile.
        writing.stop()
        try:
            reply["lost"] = writing.lost(within_s=request["within_s"])
        except HaopsError as error:
            reply["error"] = str(error)
    writes = tuple(record.writes)
    acknowledged = sum(write.acknowledged for write in writes)
    return {
        **reply,
        "acknowledged": acknowledged,
        "unknown": len(writes) - acknowledged,
        "outages": [asdict(outage) for outage in outages(writes)],
    }


def main(inventory: str, record: str, rate_per_s: str) -> None:
    """Serve, or end with the reason in one line."""
    try:
        serve(Path(inventory), Path(record), float(rate_per_s))
    except HaopsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])

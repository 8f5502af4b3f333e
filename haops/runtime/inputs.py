"""Facts about a runbook's inputs: for a path, whether the file is there and what it is.

Owns the reading of input files on the bastion. Must never change them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from haops.core.runbook import Input

_SECTOR_BYTES = 512
_SHA256_BYTES = 32


def input_facts(inputs: Iterable[Input], given: Mapping[str, Any], *, now_s: float) -> dict[str, Any]:
    """Return each input's value and, for a path, `.present`, `.size_bytes`, `.age_s` and `.verified`."""
    facts: dict[str, Any] = {}
    for declared in inputs:
        value = given.get(declared.name, declared.default)
        if value is not None:
            facts[declared.name] = value
        if declared.type == "path":
            facts |= _file_facts(declared.name, value, now_s)
    return facts


def _file_facts(name: str, path: Any, now_s: float) -> dict[str, Any]:
    """Return the facts about one file."""
    file = Path(path) if path else None
    if file is None or not file.is_file():
        return {f"{name}.present": False}
    status = file.stat()
    return {
        f"{name}.present": True,
        f"{name}.size_bytes": status.st_size,
        f"{name}.age_s": max(0, round(now_s - status.st_mtime)),
        f"{name}.verified": is_whole_snapshot(file),
    }


def is_whole_snapshot(path: Path) -> bool:
    """Return whether an etcd snapshot's last 32 bytes are the SHA-256 of the rest (etcd's snapshot format)."""
    size = path.stat().st_size
    # etcd's own test for a checksum at the end: a database is whole sectors.
    if size % _SECTOR_BYTES != _SHA256_BYTES:
        return False
    digest = hashlib.sha256()
    with path.open("rb") as file:
        left = size - _SHA256_BYTES
        while left > 0:
            # Piece by piece: a snapshot may have gigabytes (etcd advises at most 8 GiB).
            piece = file.read(min(left, 1 << 20))
            digest.update(piece)
            left -= len(piece)
        return digest.digest() == file.read(_SHA256_BYTES)

"""What becomes of a snapshot's stream on this machine's disk."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from haops.connectors.etcd.snapshot import save
from haops.errors import ConnectorError, RemoteFailed

_DATABASE = bytes(range(256)) * 64
_SNAPSHOT = _DATABASE + hashlib.sha256(_DATABASE).digest()


def _chunks(content: bytes, size: int) -> Iterator[bytes]:
    """Yield the content in pieces."""
    return (content[at : at + size] for at in range(0, len(content), size))


@pytest.mark.parametrize("size", [7, 31, 32, 33, 4096, 10**6])
def test_a_whole_snapshot_is_kept_however_it_is_cut(tmp_path: Path, size: int) -> None:
    """The checksum at the end is found wherever the pieces of the stream end."""
    path = tmp_path / "s.db"
    assert save(_chunks(_SNAPSHOT, size), str(path), where="m1") == len(_SNAPSHOT)
    assert path.read_bytes() == _SNAPSHOT
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cut short"),
        (_SNAPSHOT[:-1], "cut short"),
        (_DATABASE, "cut short"),
        (_SNAPSHOT[:-512], "checksum"),
        (_SNAPSHOT[:1000] + b"\x00" + _SNAPSHOT[1001:], "checksum"),
    ],
)
def test_a_damaged_snapshot_leaves_nothing_but_what_was_there(tmp_path: Path, content: bytes, words: str) -> None:
    """A cut stream or a flipped byte is found; an older snapshot of that name stays."""
    path = tmp_path / "s.db"
    path.write_bytes(b"older")
    with pytest.raises(RemoteFailed, match=words):
        save(_chunks(content, 4096), str(path), where="m1")
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    """What the stream raises comes through, and no half file stays."""

    def breaking() -> Iterator[bytes]:
        yield _SNAPSHOT[:100]
        raise KeyError("link")

    with pytest.raises(KeyError):
        save(breaking(), str(tmp_path / "s.db"), where="m1")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_does_not_take_it_is_said_plainly(tmp_path: Path) -> None:
    """The error names the path and the reason."""
    path = tmp_path / "no such directory" / "s.db"
    with pytest.raises(ConnectorError, match="No such file or directory") as raised:
        save([_SNAPSHOT], str(path), where="m1")
    assert raised.value.where == str(path)

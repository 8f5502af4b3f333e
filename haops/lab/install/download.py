"""Downloads over HTTP that survive a cut connection and are checked before anyone sees them.

Owns the `.part` files, each named by the SHA-256 that its content must have, so that only the same content is ever
continued. Must never let a file out under its own name before its checksum matched.
"""

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from haops.errors import ConnectFailed, ConnectionLost, ConnectorError, InputError, RemoteFailed, TimedOut
from haops.lab.program_cache import sha256_of

OTHER_WAYS = (
    "run it again (it goes on where it stopped), `--mirror URL` for another place, `--build` where a Go module proxy "
    "can be reached, or `--from DIR` for programs that are here already"
)
_TIMEOUT_S = 30.0
_CHUNK_BYTES = 1 << 18
# A list of checksums has a few kilobytes: what is longer is something else.
_SMALL_BYTES = 1 << 20
# As long as each attempt brings something; a proxy that cuts at the same place every time is a reason to stop.
_MAX_CUTS = 5
_PARTIAL_CONTENT = 206
_RANGE_NOT_SATISFIABLE = 416

Listener = Callable[[int, int | None], None]
"""Called with (bytes here, bytes in all or None)."""


def fetch_text(url: str) -> str:
    """Return a small text, such as a file of checksums. Raises a ConnectorError."""
    with _open(url) as response, _reading(url):
        return str(response.read(_SMALL_BYTES).decode("utf-8", "replace"))


def download(url: str, target: Path, *, sha256: str, partial: Path, listener: Listener) -> None:
    """Put what the URL gives into `target`, complete and with that SHA-256. `partial` is where unfinished files stay.

    A cut connection is taken up again as long as each attempt brings something, at most five times. Raises a
    ConnectorError; what came so far is kept for the next run.
    """
    partial.mkdir(parents=True, exist_ok=True)
    part = partial / f"{sha256}.part"
    continued = _size(part) > 0
    _transfer_all(url, part, listener)
    if sha256_of(part) != sha256 and continued:
        # What an earlier run left may be the cause; the whole of it once more tells.
        part.unlink()
        _transfer_all(url, part, listener)
    if (found := sha256_of(part)) != sha256:
        part.unlink()
        what = f"the checksum does not match: published {sha256}, received {found}; nothing was installed from it"
        raise RemoteFailed(what, where=url, remedy=OTHER_WAYS)
    part.rename(target)


def _transfer_all(url: str, part: Path, listener: Listener) -> None:
    """Transfer until the end, beginning again after cuts where the last attempt stopped."""
    for cuts in range(1, _MAX_CUTS + 1):
        before = _size(part)
        try:
            return _transfer(url, part, listener)
        except (ConnectionLost, TimedOut):
            if cuts == _MAX_CUTS or _size(part) <= before:
                raise
    return None


def _transfer(url: str, part: Path, listener: Listener) -> None:
    """Append to the part what is still missing of it."""
    here = _size(part)
    with _open(url, first_byte=here) as response:
        # All of it is here already; its checksum tells whether it is right.
        if response.status == _RANGE_NOT_SATISFIABLE:
            return
        # A server that does not know ranges sends the whole file with 200: then what is here is replaced.
        appends = response.status == _PARTIAL_CONTENT
        here = here if appends else 0
        length = response.headers.get("Content-Length")
        total = here + int(length) if length else None
        with part.open("ab" if appends else "wb") as file:
            for chunk in _chunks(response, url):
                file.write(chunk)
                here += len(chunk)
                listener(here, total)
    if total is not None and here < total:
        raise ConnectionLost(f"the connection was cut after {here} of {total} bytes", where=url, remedy=OTHER_WAYS)


def _chunks(response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    """Yield what the server sends."""
    while True:
        with _reading(url):
            chunk = response.read(_CHUNK_BYTES)
        if not chunk:
            return
        yield chunk


def _open(url: str, first_byte: int = 0) -> http.client.HTTPResponse:
    """Ask for a URL, from a byte on. A range that begins at or beyond the end is an answer, other failures raise."""
    if not url.startswith(("https://", "http://")):
        raise InputError("not an http or https address", where=url, remedy="https://... before it")
    headers = {"Range": f"bytes={first_byte}-"} if first_byte else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was looked at above
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310 - as above
    except urllib.error.HTTPError as error:
        if error.code == _RANGE_NOT_SATISFIABLE and first_byte:
            return error  # type: ignore[return-value]  # urllib's error is a response too
        error.close()
        raise RemoteFailed(f"the server answered {error.code} {error.reason}", where=url, remedy=OTHER_WAYS) from error
    except urllib.error.URLError as error:
        raise _unreachable(url, error.reason) from error
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(url, error) from error
    return response


def _unreachable(url: str, reason: object) -> ConnectorError:
    """Return the error for a server that gave no answer at all."""
    if isinstance(reason, TimeoutError):
        return TimedOut(f"no answer within {_TIMEOUT_S:.0f} s", where=url, remedy=OTHER_WAYS)
    return ConnectFailed(f"could not be reached ({reason})", where=url, remedy=OTHER_WAYS)


@contextmanager
def _reading(url: str) -> Iterator[None]:
    """Turn what reading from a broken connection raises into haops's errors."""
    try:
        yield
    except TimeoutError as error:
        raise TimedOut(f"nothing came for {_TIMEOUT_S:.0f} s", where=url, remedy=OTHER_WAYS) from error
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionLost(f"the connection was cut ({error})", where=url, remedy=OTHER_WAYS) from error


def _size(path: Path) -> int:
    """Return a file's size in bytes, 0 if there is none."""
    return path.stat().st_size if path.exists() else 0

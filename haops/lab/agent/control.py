"""How calls reach the agent: from the lab over a socket, from the host's own scripts through a FIFO.

Owns both transports. Must never interpret a call: names are looked up in the registries given.
"""

import asyncio
import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from haops.lab.agent.answers import Answer, Call
from haops.lab.agent.notify import bind_unix

# As a shell answers for a command that it cannot find.
_UNKNOWN_CALL = 127
# asyncio's own limit of 64 kB is too small: a command's whole input comes in one line.
_LONGEST_REQUEST_BYTES = 64 * 1024 * 1024


async def _answer(calls: Mapping[str, Call], name: str, arguments: list[str]) -> Answer:
    call = calls.get(name)
    if call is None:
        return Answer(_UNKNOWN_CALL, "", f"the agent does not know {name}\n")
    try:
        return await call(arguments)
    # A call that fails must not end the agent, and its caller waits for an answer.
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller must hear of it
        return Answer(1, "", f"{name}: {type(error).__name__}: {error}\n")


class LabSocket:
    """One JSON line in, one JSON line out, per connection."""

    def __init__(self, place: Path, calls: Mapping[str, Call]) -> None:
        self._calls = calls
        self._place = place

    async def listen(self) -> None:
        """Begin to answer."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._place.unlink(missing_ok=True)
        bind_unix(listener, self._place)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=_LONGEST_REQUEST_BYTES)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            request = json.loads(await reader.readline())
            answer = await _answer(self._calls, request["call"], request["arguments"])
            reply = {"status": answer.status, "stdout": answer.stdout, "stderr": answer.stderr}
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()


class HostRequests:
    """Requests of `call.sh`: a directory each, with the arguments in it, answered by files and a status line."""

    def __init__(self, host_root: Path, calls: Mapping[str, Call]) -> None:
        self._root = host_root
        self._calls = calls
        self._pending = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self) -> None:
        """Begin to answer."""
        fifo = self._root / "run/haops-agent/requests"
        fifo.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(fifo, 0o600)
        # Open both ways: the FIFO never reports an end, and a caller never waits for a reader.
        self._descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        asyncio.get_running_loop().add_reader(self._descriptor, self._receive)

    def _receive(self) -> None:
        # Up to 4096 bytes (PIPE_BUF) the kernel never mixes what several callers write.
        *complete, self._pending = (self._pending + os.read(self._descriptor, 65536)).split(b"\n")
        for line in complete:
            task = asyncio.create_task(self._serve(self._root / os.fsdecode(line).lstrip("/")))
            # asyncio holds tasks weakly: one that nobody keeps may vanish before it is done.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, request: Path) -> None:
        # A caller that was killed has taken its directory along; there is nobody to answer then.
        with suppress(OSError):
            # Each argument ends with a NUL, so what follows the last one is empty.
            name, *arguments = (request / "arguments").read_text().split("\0")[:-1]
            answer = await _answer(self._calls, name, arguments)
            # Before the status: that line tells the caller that both files are whole.
            (request / "stdout").write_text(answer.stdout, errors="surrogateescape")
            (request / "stderr").write_text(answer.stderr, errors="surrogateescape")
            # Non-blocking: it is a FIFO, and a caller that was killed reads no more.
            status = os.open(request / "status", os.O_WRONLY | os.O_NONBLOCK)
            os.write(status, b"%d\n" % answer.status)
            os.close(status)

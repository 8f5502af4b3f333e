"""The socket on which a Type=notify service says that it is ready (sd_notify(3)).

One socket per unit, so that a message needs no credentials to be told apart.
"""

import asyncio
import os
import socket
from pathlib import Path


class NotifySocket:
    """Listens for READY=1; `ready` resolves when it came."""

    def __init__(self, host_root: Path, unit: str) -> None:
        self.path_on_host = f"/run/systemd/notify-{unit}"
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._place = host_root / self.path_on_host.lstrip("/")
        self._place.parent.mkdir(parents=True, exist_ok=True)
        self._place.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # A wake-up without a message must not hold the loop.
        self._socket.settimeout(0)
        bind_unix(self._socket, self._place)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._receive)

    def close(self) -> None:
        """Stop listening."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        self._place.unlink(missing_ok=True)
        self.ready.cancel()

    def _receive(self) -> None:
        message = self._socket.recv(4096)
        # sd_notify(3): a message may hold several assignments, one a line.
        if b"READY=1" in message.splitlines() and not self.ready.done():
            self.ready.set_result(None)


def bind_unix(listener: socket.socket, place: Path) -> None:
    """Bind to a path of any length: the kernel takes 107 bytes, a lab's directory may lie deep."""
    directory = os.open(place.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        listener.bind(f"/proc/self/fd/{directory}/{place.name}")
    finally:
        os.close(directory)

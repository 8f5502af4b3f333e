"""The writing itself: one small write after the other, at a steady pace, for as long as it is let.

Owns the thread and the pace. Must never repeat a write whose outcome is unknown under the name of a new one.
"""

import secrets
import threading
import time
from datetime import UTC, datetime

from haops.errors import ConnectorError
from haops.lab.writer.places import Place
from haops.lab.writer.record import Write, WriteRecord

# A client's patience: what takes longer counts as not acknowledged, and an outage goes on.
_WRITE_TIMEOUT_S = 1.0
_READ_TIMEOUT_S = 10.0
_READ_AGAIN_EVERY_S = 0.5


class Writing:
    """Writes from its own thread, from `start` until `stop`."""

    def __init__(self, place: Place, record: WriteRecord, *, rate_per_s: float) -> None:
        self._place = place
        self._record = record
        self._pause_s = 1 / rate_per_s
        # A drill that is gone on with writes other keys: none is written twice.
        self._run = secrets.token_hex(4)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="writer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Return when the last write has had its time."""
        self._stopping.set()
        self._thread.join()

    def lost(self, *, within_s: float) -> list[str]:
        """Read everything back and return the keys that were acknowledged and are not there.

        Call it after `stop`. Tries again until the cluster answers. Raises the last ConnectorError if it does not.
        """
        acknowledged = [write.key for write in self._record.writes if write.acknowledged]
        deadline = time.monotonic() + within_s
        timeout_s = min(_READ_TIMEOUT_S, within_s)
        while True:
            try:
                present = self._place.present(acknowledged, timeout_s=timeout_s)
            except ConnectorError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_READ_AGAIN_EVERY_S)
            else:
                return [key for key in acknowledged if key not in present]

    def _write_on(self) -> None:
        """Write until told to stop; a slow write delays the next one and is not made up for."""
        sequence = 0
        while not self._stopping.is_set():
            began_s = time.monotonic()
            self._write_one(f"{self._run}-{sequence:08d}")
            sequence += 1
            self._stopping.wait(max(0.0, began_s + self._pause_s - time.monotonic()))

    def _write_one(self, key: str) -> None:
        """Write a key and record what became of it."""
        try:
            self._place.write(key, timeout_s=_WRITE_TIMEOUT_S)
        except ConnectorError:
            acknowledged = False
        else:
            acknowledged = True
        self._record.add(Write(key, acknowledged, datetime.now(UTC).isoformat(), time.monotonic()))

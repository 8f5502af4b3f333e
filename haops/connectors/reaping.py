"""Children that go on while nobody listens to them.

Owns their last rites: somebody must wait for a child, or it stays a zombie after its end. Must never end one.
"""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess


def reap_later(child: "subprocess.Popen[bytes]") -> None:
    """Wait for the child in a thread of its own, unless it has ended already."""
    if child.poll() is None:
        threading.Thread(target=child.wait, name=f"reaper-{child.pid}", daemon=True).start()

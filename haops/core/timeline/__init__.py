"""A session's timeline: facts in their order, computed from the journal and from nothing else.

`build` makes it; `values` are its shapes; `sentences`, `moments`, `spans` and `attempts` each own one part of it.
"""

from haops.core.timeline.build import build_timeline
from haops.core.timeline.values import Noted, Timeline

__all__ = ["Noted", "Timeline", "build_timeline"]

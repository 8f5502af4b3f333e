"""A view in which every text from elsewhere wants to act on the terminal; run as a program, the app on it."""

import dataclasses
import sys
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

HOSTILE = (
    "\x1b[77;77H\x1b]52;c;aGFja2Vk\x07\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x9b2J\x90q\x9c\x00\x07\x08\x7f"
    "\r\x0c\u202egnp\u2066\u200b\ufeff[/x][@click=app.bell]press[/][red]{'a': [true]}\U000e0041 e"
    + "\u0301" * 20
    + " 東京\t| "
)
KEPT = {"kind", "name", "id", "started_at", "ended_at", "opened_at", "step", "target", "attempt", "subject"}
"""Fields that are keys elsewhere; what they name is shown too, so host names are made hostile in a second way below."""


def hostile(value: Any, field: str = "") -> Any:
    """Return the value with hostile text before every text in it."""
    if isinstance(value, Enum | datetime | bytes | type) or value is None:
        return value
    if isinstance(value, str):
        return value if field in KEPT or not value else HOSTILE + value
    if isinstance(value, tuple):
        return (
            value
            if field in ("attempts", "targets", "needs", "names", "roles")
            else tuple(hostile(v, field) for v in value)
        )
    if isinstance(value, Mapping):
        return {key: hostile(part, field) for key, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: hostile(getattr(value, f.name), f.name) for f in dataclasses.fields(value) if f.init}
        return dataclasses.replace(value, **changed)
    return value


def main(name: str) -> None:
    """Run the app on a hostile scene, or on an ordinary one that tells by its exit status whether it was confirmed."""
    from haops.ui.app import HaopsApp  # noqa: PLC0415 - the functions above are needed without it
    from haops.ui.settings import UiSettings  # noqa: PLC0415
    from tests.ui.scenes import SCENES, FakeLive  # noqa: PLC0415

    view = SCENES["waiting-change"]() if name == "plain" else hostile(SCENES[name]())
    live = FakeLive(view, HOSTILE.encode("utf-8", "surrogatepass") * 5 + bytes(range(256)))
    HaopsApp(live, settings=UiSettings(reading_time_s=0)).run()
    sys.exit(42 if live.commands else 0)


if __name__ == "__main__":
    main(sys.argv[1])

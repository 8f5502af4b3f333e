"""A session on the bastion itself that confirms its steps by itself: run as a program, to be killed at a failpoint.

Arguments: INVENTORY RUNBOOK, or --resume JOURNAL.
"""

import sys
from pathlib import Path

from haops.runtime import library, sessions
from haops.runtime.auto import AutoOperator
from haops.runtime.clock import SystemClock
from haops.runtime.inventories import load_inventory


def main(first: str, second: str) -> None:
    """Run the session to its end and print its journal's path."""
    if first == "--resume":
        engine = sessions.resume(Path(second))
    else:
        runbook = library.load_runbook(second)
        engine = sessions.begin(load_inventory(first), mode="drill", runbooks=lambda: (runbook,))
        print(engine.view().journal_path, flush=True)
    engine.start()
    if engine.view().session.runbook is None:
        refusal = engine.choose_runbook(library.load_runbook(second), {})
        assert refusal is None, refusal
    stopped_by = AutoOperator(engine).run(within_s=30, clock=SystemClock())
    engine.leave("left")
    sys.exit(stopped_by or 0)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What holds for every test: programs that it starts can be interrupted, and what was imported is no garbage."""

import gc
import signal

import early_fork

# A run in the background of a shell ignores SIGINT, one under nohup SIGHUP; whatever it starts would ignore them too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Fork what labs are forked from, and leave what was imported out of every later search for garbage.

    pytest makes five such searches at the end.
    """
    early_fork.prepare()
    gc.collect()
    gc.freeze()

"""What holds for every test: programs that it starts can be interrupted."""

import signal

# A run in the background of a shell ignores SIGINT, and whatever it starts would ignore it too.
signal.signal(signal.SIGINT, signal.default_int_handler)

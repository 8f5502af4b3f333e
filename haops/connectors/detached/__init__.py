"""Scripts on a host, over any link that starts a program there: run, launched detached, probed; files put and got.

Owns what happens on the host (the texts `*.sh`, run by any POSIX sh) and the conversation with them. Must never know
what carries the bytes: that is a `Link`.
"""

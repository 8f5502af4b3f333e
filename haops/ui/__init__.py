"""The full screen, and the words that the plain mode shares with it.

Owns how a session looks and which key asks for what. `presenters` and `panes` turn values into lines of text and know
no toolkit; everything else here may. Must never decide, run or record anything: `runtime.live` does.
"""

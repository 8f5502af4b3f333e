"""The full screen, and the words that the plain mode shares with it.

Owns how a session looks and which key asks for what. Only `app`, `screens`, `modals`, `widgets`, `commands`, `bindings`,
`themes` and `output` know the toolkit; `presenters` and `panes` turn values into lines of text and know none. Must never
decide, run or record anything: `runtime.live` does.
"""

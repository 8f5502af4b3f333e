"""A client that writes through a whole drill and knows which of its writes were acknowledged.

`remote.Writer` is the drill's side; the process that writes is `python -m haops.lab.writer`.
"""

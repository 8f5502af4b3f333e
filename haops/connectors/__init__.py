"""Connectors: each speaks to one system and holds no policy. `seam` says what the rest of haops may ask of them."""

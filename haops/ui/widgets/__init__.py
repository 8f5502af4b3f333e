"""Widgets that show lines: they know nothing of clusters, steps or sessions."""

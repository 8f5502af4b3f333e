"""Screens. Each shows a view that it is given; none keeps anything that a session owns."""

"""Kinds of cluster that a lab can run.

One file each; `registry` lists them, most real first.
"""

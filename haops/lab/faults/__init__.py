"""The ways to break a lab, one file each.

Owns nothing itself; `registry` has the list, `active` sees to it that every fault is undone.
"""

"""Hosts over SSH: one kept connection each, known hosts only.

Owns everything about SSH. Must never re-send what was sent, nor trust a host key that no file knows.
"""

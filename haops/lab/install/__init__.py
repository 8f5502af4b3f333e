"""Gets the lab's programs: official releases with their checksums, or built from their Go modules.

Owns haops's cache of programs. Must never leave a program there that is incomplete or was not checked.
"""

"""Lets `python -m haops` do what `haops` does."""

from haops.cli import main

if __name__ == "__main__":
    main()

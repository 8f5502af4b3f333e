"""Values of the core as lines of text, for the full screen, the plain mode and exports alike. No toolkit in here."""

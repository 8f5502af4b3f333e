"""The functional core: values and decisions. No I/O, clock, randomness, threads; time and ids come in."""

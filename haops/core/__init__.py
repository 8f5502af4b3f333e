"""The functional core: values and decisions. No I/O, clock, randomness, threads or environment; time and ids come in."""

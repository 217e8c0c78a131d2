"""The lock of a run: which process trains it, on which machine, and whether that one is alive."""

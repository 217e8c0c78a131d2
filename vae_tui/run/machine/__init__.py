"""The machine that trains a run, in words."""

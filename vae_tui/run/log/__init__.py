"""Reading the log of a run, however long it is."""

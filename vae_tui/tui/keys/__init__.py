"""The table of bindings, and the queue that handles keys in order."""

"""The run folder: config, events, commands, lock, state, summary. Standard library only."""

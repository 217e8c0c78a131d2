"""The commands of ``vae-tui``. Imports no numpy, torch or textual before a command needs it."""

"""The user's config file: what it may hold, reading it, and ``vae-tui config``."""

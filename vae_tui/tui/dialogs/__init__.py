"""Modal screens over a view: help, palette, settings, choices."""

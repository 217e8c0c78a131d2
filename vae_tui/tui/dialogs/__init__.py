"""Questions asked on top of a view."""

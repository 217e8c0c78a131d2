"""Threads that read the run folder and post messages; they touch no widget."""

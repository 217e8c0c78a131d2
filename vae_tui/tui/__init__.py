"""The screen process: no torch anywhere below here."""

"""Images of the user's own: found, converted once, kept in the data folder. Imports no torch."""

"""Pictures, tables and weights as files that a user asked for. Imports no torch."""

"""Pictures, tables and weights as files that a user requested. Imports no torch."""

"""5,000 handwritten digits that ship with the program; ATTRIBUTION.md says where they are from."""

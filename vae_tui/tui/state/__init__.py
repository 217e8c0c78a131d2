"""What events and keys add up to: frozen values; imports no widget."""

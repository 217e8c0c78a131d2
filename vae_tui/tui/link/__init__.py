"""The terminal driver: sends only changed cells, at the rate the link takes."""

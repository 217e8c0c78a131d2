"""The processes of one run: where their launcher placed them, and their exchanges."""

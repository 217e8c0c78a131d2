"""One widget a file: told what to show, never asking."""

"""The screen in a browser, through textual-serve (extra ``web``). Imports no other room."""

"""The trainer process: loop, steps, saving, commands, ranks. Imports nothing that draws."""

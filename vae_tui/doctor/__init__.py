"""What the terminal, the machine and torch can do, and the line that fixes what they can't.

Each module reads facts into a frozen value and turns such a value into findings. Imports nothing
that may be missing; torch, which may be broken, is tried in a child process.
"""

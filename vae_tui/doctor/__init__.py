"""What the terminal, the machine and torch can do, and the line that fixes what they can't.

Each module reads facts into a frozen value and turns such a value into findings. Of the packages
it checks it imports only packaging; torch, which may be broken, is tried in a child process.
"""

"""What the terminal, the machine and torch can do, and the line that mends each thing they can't.

`look` at the surroundings, then `judge` them: values in, findings out. Stdlib only, since what it
looks for may be missing; torch is asked in a child process, since it may be broken.
"""

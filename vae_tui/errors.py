"""Errors with a message that a user can act on; the command line prints it as one line.

VaeTuiError          exit code 1: the run, the data or the machine failed
  UsageError         exit code 2: an option or an argument is wrong
"""


class VaeTuiError(Exception):
    """One line: what was wrong, with the value, and what to do."""

    exit_code = 1


class UsageError(VaeTuiError):
    """A wrong option or name, or a run that does not exist."""

    exit_code = 2

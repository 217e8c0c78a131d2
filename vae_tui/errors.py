"""What can go wrong in words a user can act on; the command line prints each as one line.

VaeTuiError          exit code 1: the run, the data or the machine failed
  UsageError         exit code 2: what was asked for cannot be done
"""


class VaeTuiError(Exception):
    """One line: what was wrong, with the value, and what to do."""

    exit_code = 1


class UsageError(VaeTuiError):
    """What was asked for is wrong: an option, a name, a run that is not there."""

    exit_code = 2

"""The garbage collector of a process with large modules."""

import gc


def collect_less() -> None:
    """Let the collector pass over what is there now, and visit everything else less often.

    Modules live to the end. By default a test of the screen causes one full pass over them, a
    fifth of its CPU time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)

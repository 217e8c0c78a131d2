"""Where in a log the events of a step and later begin, found from its end."""

import re
from pathlib import Path

from vae_tui.run.untrusted import open_regular

_LOSSES = re.compile(rb'\n\{"event":"losses_measured","time":[^,\n]{1,40},"step":(\d{1,18}),')
_LONGEST_MATCH = 128


def offset_of_step(log: Path, step: int, block_bytes: int = 1 << 20) -> int:
    """Return an offset before every event of ``step`` or later that is in force.

    A trainer's losses come in order of their steps, after its other events of the same chunk. So
    before losses of an earlier step, its own events are of earlier steps too, and those of
    earlier trainers are of earlier steps or void. Other kinds do not show this: a trainer that
    fails before its first step reports an end at step 0.

    The log is read backwards, to the newest such losses; 0 if there are none, or no log.
    """
    if step <= 0:
        return 0
    try:
        with open_regular(log) as file:
            begin = file.seek(0, 2)
            while begin:
                end, begin = begin, max(begin - block_bytes, 0)
                file.seek(begin)
                block = file.read(end - begin + _LONGEST_MATCH)
                if b"\n" not in block:  # a hole, or no log: faster to read from the beginning
                    return 0
                earlier = [one for one in _LOSSES.finditer(block) if int(one[1]) < step]
                if earlier:
                    return begin + earlier[-1].start() + 1
    except FileNotFoundError:
        pass
    return 0

"""What the screen costs: its start, its memory, a long run, and the training beside it.

    python tests/benchmarks/screen.py [start] [memory] [long] [training] [keys] [--json]
        [--data-dir DIRECTORY] [--rounds N]

All parts unless some are named. Every time is a median of ``--rounds``, and stands beside a
reference that was measured in the same run, in turn with it:

* start: exec to first paint and to first digits, against an app of one line of text;
* memory: the largest resident size of the screen and of the trainer, against that app;
* long: attach to a run of 1,000,000 loss events, against one of a few;
* training: images a second with the Train view attached, against nobody watching;
* keys: from a key to its picture while a run trains, as ``latency.py`` measures it.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import screen_long
import screen_start
import screen_training
from table import Row, add_json_option, print_table

PARTS: Mapping[str, Callable[[Path, argparse.Namespace], list[Row]]] = {
    "start": screen_start.start,
    "memory": screen_training.memory,
    "long": screen_long.long_run,
    "training": screen_training.training,
    "keys": screen_training.keys,
}


def main() -> None:
    """Measure the parts and print a row for each thing measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all unless named")
    parser.add_argument("--data-dir", help="of MNIST, for the training; the shipped digits else")
    parser.add_argument("--rounds", type=int, default=9, help="of which the median is shown")
    add_json_option(parser)
    options = parser.parse_args()
    rows: list[Row] = []
    for part in options.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            rows += PARTS[part](Path(folder), options)
    print_table(rows, as_json=options.json)


if __name__ == "__main__":
    main()

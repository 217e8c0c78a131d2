import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from table import print_table, table

ROWS = [
    {"what": "idle", "bytes": 0, "ratio": 1.0},
    {"what": "training", "bytes": 12_345, "ratio": 0.98765, "kept": True},
]


def test_a_table_aligns_text_to_the_left_and_numbers_to_the_right():
    assert table(ROWS) == (
        "what       bytes  ratio  kept\nidle           0      1  -\ntraining  12,345  0.988  yes"
    )


def test_json_holds_the_rows_as_they_are(capsys):
    print_table(ROWS, as_json=True)
    assert json.loads(capsys.readouterr().out) == ROWS

import re

import numpy as np

from vae_tui.terminal.class_colours import CLASS_COLOURS, class_colour, class_mark
from vae_tui.terminal.print_pictures import print_map


def test_each_class_has_a_mark_and_a_colour_that_repeats_after_ten():
    marks = [class_mark(label) for label in range(62)]
    assert marks[:12] == [*"0123456789AB"]
    assert len(set(marks)) == 62
    assert [class_colour(label) for label in range(20)] == [*CLASS_COLOURS, *CLASS_COLOURS]


def test_a_printed_map_of_more_than_ten_classes_marks_the_most_frequent_of_a_cell(capsys):
    points = np.array([[0, 0], [0, 0], [0, 0], [9, 0]], np.float32)
    print_map(points, np.array([11, 11, 3, 10], np.uint8))
    marks = re.sub(r"\x1b\[[0-9;]*m|\s", "", capsys.readouterr().out)
    assert marks == "BA"

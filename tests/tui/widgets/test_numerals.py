"""The marks and names of classes on the map."""

from vae_tui.tui.widgets.map.numerals import numerals

NAMES = ("Trouser", "Dress", "a very long name of a class")


def test_a_name_begins_with_the_mark_at_its_class():
    placed = numerals([(1, 10.0, 5.0)], 60, 20, unicode=True, names=NAMES)
    (name,) = placed
    assert name.rows == (" 1 Dress ",)
    assert (name.left + 1, name.top) == (10, 5)
    (cut,) = numerals([(2, 10.0, 5.0)], 60, 20, unicode=True, names=NAMES)
    assert cut.rows == (" 2 a very lon~ ",)


def test_where_a_name_has_no_room_the_mark_stands_alone():
    (alone,) = numerals([(0, 3.0, 0.0)], 8, 1, unicode=True, names=NAMES)
    assert alone.rows == (" 0 ",)


def test_large_numerals_have_no_names_beside_them():
    (numeral,) = numerals([(0, 40.0, 12.0)], 80, 24, unicode=True, names=NAMES)
    assert len(numeral.rows) == 3


def test_names_keep_clear_of_each_other():
    centres = [(0, 20.0, 5.0), (1, 22.0, 5.0), (2, 18.0, 5.0)]
    placed = numerals(centres, 60, 20, unicode=True, names=NAMES)
    assert len(placed) == 3
    cells = [(one.top, one.left + x) for one in placed for x in range(len(one.rows[0]))]
    assert len(cells) == len(set(cells))

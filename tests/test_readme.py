"""README says what the program has."""

import re

from support.readme_tables import README, tables, with_tables


def test_the_tables_of_keys_and_commands_are_those_of_this_version():
    text = README.read_text()
    assert with_tables(text) == text, "run: python tests/support/readme_tables.py"


def test_every_picture_in_the_readme_exists():
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)|<img[^>]+src=\"([^\"]+)\"", README.read_text())
    assert pictures
    for picture in map("".join, pictures):
        assert (README.parent / picture).is_file(), picture


def test_the_tables_name_every_view_and_each_command():
    keys, commands = tables()["keys"], tables()["commands"]
    for view in ("Train", "Samples", "Walk", "Map", "Dimensions", "Runs"):
        assert view in keys
    assert "vae-tui attach" in commands

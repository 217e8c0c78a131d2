"""Rules of the code that no other tool checks: private names, long files and folders, cycles."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PRIVATE = re.compile(r"_(?!_)\w|__(?!\w*__$)\w")
"""A name that begins with an underscore, unless it begins and ends with two."""
SET_BY_NAME = ("setattr", "getattr", "delattr", "patch")
MOST_LINES = 300
MOST_MODULES = 15
NO_PUBLIC_NAME = {
    "tests/benchmarks/pictures.py": "Textual's compositor measures one widget without the rest",
    "tests/support/graph_stand_in.py": "torch's dispatch mode stands in for a CUDA graph",
}
"""Files that use a private name of a library, and for what."""


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def private_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and name of each access to a private name of another class or module.

    These are attributes of anything but ``self``, ``cls`` and ``super()``, imported names, and
    names in the text given to ``setattr``, ``getattr``, ``delattr`` and ``patch``.
    """
    for node in ast.walk(tree):
        for name in names_used(node):
            if any(map(PRIVATE.match, name.split("."))):
                yield node.lineno, name


def names_used(node: ast.AST) -> list[str]:
    match node:
        case ast.Attribute(value=value, attr=name):
            return [] if is_own(value) else [name]
        case ast.ImportFrom(module=module, names=names):
            return [module or "", *(each.name for each in names)]
        case ast.Import(names=names):
            return [each.name for each in names]
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=args):
            given = [each.value for each in args[:2] if isinstance(each, ast.Constant)]
            return [text for text in given if isinstance(text, str) and called in SET_BY_NAME]
    return []


def is_own(value: ast.expr) -> bool:
    match value:
        case ast.Name(id="self" | "cls") | ast.Call(func=ast.Name(id="super")):
            return True
    return False


def test_the_check_finds_each_kind_of_private_access():
    code = """
from __future__ import annotations
from a import _b
import c._d
from e._f import g
x._attribute
x.y._deep = 1
monkeypatch.setattr(x, "_name", 1)
monkeypatch.setattr("module._name", 1)
self._own, cls._own, super()._own, x.__init__, x.y_, self.x._of_another, print("_text")
"""
    found = {name for _, name in private_names(ast.parse(code))}
    assert found == {
        *("_attribute", "_b", "_deep", "_name", "_of_another", "c._d", "e._f", "module._name"),
    }


def test_tests_read_and_set_no_private_name():
    found = [
        f"{relative(path)}:{line}: {name}"
        for path in python_files("tests")
        if relative(path) not in NO_PUBLIC_NAME
        for line, name in sorted(private_names(ast.parse(path.read_bytes())))
    ]
    assert not found, "\n".join(["private names in tests:", *found])


def test_no_file_is_too_long():
    lengths = {path: path.read_bytes().count(b"\n") for path in python_files("vae_tui", "tests")}
    long = {relative(path): count for path, count in lengths.items() if count > MOST_LINES}
    assert not long, f"longer than {MOST_LINES} lines: {long}"


def test_no_folder_of_the_package_has_too_many_modules():
    modules = [path for path in python_files("vae_tui") if path.name != "__init__.py"]
    counts = Counter(path.parent for path in modules)
    large = {relative(path): count for path, count in counts.items() if count > MOST_MODULES}
    assert not large, f"more than {MOST_MODULES} modules: {large}"


def test_no_modules_import_each_other_in_a_cycle():
    graph = grimp.build_graph("vae_tui", exclude_type_checking_imports=True, cache_dir=None)
    remaining = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    while free := [name for name, imports in remaining.items() if not imports & remaining.keys()]:
        for name in free:
            del remaining[name]
    assert not remaining, f"in a cycle, or importing one: {sorted(remaining)}"

"""Which mistakes the mutants are."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import indent
from types import ModuleType

import pytest

from tests.mutants.argued import arguments
from tests.mutants.mutate import mutants_of
from tests.mutants.run import install
from tests.mutants.targets import MODULES


def changes(tmp_path: Path, text: str) -> list[str]:
    """Return the changes of a function with a body."""
    (tmp_path / "toy.py").write_text("def f(x, y, *, etag=None):\n" + indent(text, "    "))
    return [mutant.change for mutant in mutants_of(tmp_path, "toy.py")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x = y < 2", [f"x = y < 2 -> x = y {changed}" for changed in ("<= 2", ">= 2", "< 3", "< 1")]),
        ("x = y is None", ["x = y is None -> x = y is not None"]),
        ("x = y or etag", ["x = y or etag -> x = y and etag", "x = y or etag -> x = etag", "x = y or etag -> x = y"]),
        ("if x: y = x", ["if x: y = x -> if not x: y = x"]),
        ("if not x: y = x", ["if not x: y = x -> if x: y = x"]),
        ("y = x(y, etag=etag)", ["y = x(y, etag=etag) -> y = x(y)"]),
        ("y = {'a': x, **y}", ["y = {'a': x, **y} -> y = {**y}", "y = {'a': x, **y} -> y = {'a': x}"]),
        ("y = min(x - y)", ["y = min(x - y) -> y = max(x - y)", "y = min(x - y) -> y = min(x + y)"]),
        ("x(y)\ny(x)", ["x(y) -> pass", "x(y) <-> y(x)", "y(x) -> pass"]),
        ("x = y()\ny(x)", ["y(x) -> pass"]),  # not swapped: the second needs the first
        ("return x", ["return x -> return None"]),
        ("x = f'{y + 1}'\ny: int | None = None", []),  # texts and annotations stay
    ],
)  # fmt: skip
def test_each_kind_of_mutant_is_created(tmp_path: Path, text: str, wanted: list[str]) -> None:
    """Once at each place, and told apart by what it changes."""
    assert changes(tmp_path, text) == wanted


def test_an_exception_is_left_out_of_a_handler(tmp_path: Path) -> None:
    """One after the other."""
    found = changes(tmp_path, "try:\n    x()\nexcept (KeyError, ValueError):\n    y()")
    assert "except (KeyError, ValueError) -> (ValueError,)" in found
    assert "except (KeyError, ValueError) -> (KeyError,)" in found


def test_the_same_change_in_two_statements_has_two_names(tmp_path: Path) -> None:
    """So that one argument does not stand for both."""
    assert changes(tmp_path, "x()\ny = etag\nx()") == ["x() -> pass", "x() -> pass (2)"]


def test_a_mutant_takes_the_place_of_its_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the function was imported by name before, and for methods and properties."""
    text = "class A:\n    @property\n    def f(self):\n        return 1 + 1\n\n\ndef g(x):\n    return not x\n"
    (tmp_path / "toy.py").write_text(text)
    toy = ModuleType("toy")
    exec(text, vars(toy))  # noqa: S102  (the text above)
    monkeypatch.setitem(sys.modules, "toy", toy)
    imported, results = toy.g, []
    for mutant in mutants_of(tmp_path, "toy.py"):
        install(mutant)
        results.append((toy.A().f, imported(0)))
    assert results == [(None, True), (0, True), (3, True), (1, True), (3, True), (1, True), (1, None), (1, False)]


def test_every_argument_is_about_a_module_that_is_changed() -> None:
    """And says why no test can notice the mutant, or why none has to."""
    for name, why in arguments().items():
        assert name.split(" ")[0] in MODULES
        assert len(why) > 20

"""One word has one meaning: the glossary of docs/architecture.md, the terms of docs/subscriptions.md and
docs/dataverse-decisions.md, and the retired words, which no name may have.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.names import names_in, names_of, parts_of

ROOT = Path(__file__).parents[2]
CODE = ("functions", "shared", "relay_admin", "tools", "sandbox", "tests")
PAGE = (ROOT / "docs" / "architecture.md").read_text()
SUBSCRIPTIONS = (ROOT / "docs" / "subscriptions.md").read_text()
DECISIONS = (ROOT / "docs" / "dataverse-decisions.md").read_text()


def section(title: str, page: str) -> str:
    """Return the text below a heading."""
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


TERMS = section("Terms", SUBSCRIPTIONS) + section("Terms", DECISIONS)
GLOSSARY, FOLDERS = section("Glossary", PAGE) + TERMS, section("Folders", PAGE)

_RETIRED = """
tell tells telling told untold ask asks asking asked wish wishes wants owe owes owed heed heeds heeded bury buries
buried aim aims lane lanes gate gates keeper keepers places turn turns rebook rebooks rebooked settle settles
settled door doors pace paces picture pictures figure figures word words rival rivals verdict mistakes doubted seasoned
perhaps one ones anew afresh standing found made known noted meant begun deaf worn rests hear hears heard
answering whoever who anybody anyone somebody everybody nought
"""
EXEMPT = {
    "settle_bookings": "the host indexes the function by this name",
    "settle_pairs": "the same",
    "settle_seconds": "the field of a setting",
    "CustomerAsked": "pydantic puts the name of the class into an error that callers read",
}

# Terms of module names that are plain English or standard, and need no glossary entry.
_PLAIN = """
access address admission after all answer api app auth authenticator availability awaited body book bootstrap calendar
call cancel checked cleanup clock comparing comparison config conflict connection contract count counted create creation
dataverse day deadline decide deleted deletion deliver deprecation diagnostic direction directory draft due duration
dynamic ended ending environment error examination existing failure field filter find first flow following forgetting
forgotten former graph hand held hint hook http id idempotency index invitee jwk key leading lifetime limit listener
listening live login looking lookup loss mailbox marked measure memory metric missed model moment name new night nightly
notified off offer old operation order outbox over overdue own owner package page parse part path permitted planned
policy poll port posting present process progress query queue quiet rate read reader reassignment record recurrence
rejection reliability removal renamed repetition request resolver resource restored returned right row rule run runtime
safety scheduling seat secret segment sending session setting setup start status step storage subscribe sweep table
telemetry
thread time timer title token tracking unavailable unreadable url utc vault
version view watching work write writing zone microsoft refused unpaired unproven wait waiting derived expansion listed
"""

RETIRED, PLAIN = set(_RETIRED.split()), set(_PLAIN.split())


def retired(name: str) -> bool:
    """Return whether a name has a retired word."""
    words = " ".join(parts_of(name)).replace("not found", "")  # HTTP's own term
    return name not in EXEMPT and bool(RETIRED & set(words.split()))


def singular(noun: str) -> str:
    """Return a noun without its plural ending."""
    for ending, without in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("xes", "x"), ("s", "")):
        if noun.endswith(ending) and not noun.endswith(("ss", "us", "is")):
            return noun.removesuffix(ending) + without
    return noun


def terms() -> set[str]:
    """Return the words that are explained, each in the singular."""
    bold = re.findall(r"\*\*(.+?)\*\*", GLOSSARY)
    return {singular(word) for term in bold for word in parts_of(term)}


def unexplained(module: str) -> list[str]:
    """Return the words of a module's name that neither the glossary nor plain English explains."""
    return [word for word in parts_of(module) if singular(word) not in terms() | PLAIN]


def modules() -> list[Path]:
    """Return the modules and packages below shared/."""
    every = [path.parent if path.stem == "__init__" else path for path in (ROOT / "shared").rglob("*.py")]
    return sorted(path for path in every if path != ROOT / "shared")


@pytest.mark.parametrize("folder", CODE)
def test_no_name_has_a_retired_term(folder: str) -> None:
    """No file, class, function, parameter, attribute or field may have one: use the noun instead."""
    names = list(names_in(ROOT, folder))
    assert len(names) > 100
    assert sorted({f"{file}: {name}" for file, name in names if retired(name)}) == []


def test_every_exemption_is_needed() -> None:
    """An exemption for a name that no longer exists could cover a new one."""
    used = {name for _, name in names_in(ROOT, *CODE)}
    assert set(EXEMPT) - used == set()


@pytest.mark.parametrize(
    "line",
    ["class SubscriptionKeeper: ...", "def tell(): ...", "def f(told): ...", "f = lambda wish: 0", "GATE_OPEN = 1",
     "class A:\n    words_said: int", "def f(self):\n    self._found = 1", "async def _ask_for(): ...",
     "def f(*asked): ...", "class E:\n    DEAF = 1", "def f(a, /, *, one): ..."],
)  # fmt: skip
def test_a_retired_term_is_detected_in_any_kind_of_name(line: str) -> None:
    """Classes, functions, parameters, constants, fields and attributes."""
    assert [name for name in names_of(ast.parse(line)) if retired(name)] != []


@pytest.mark.parametrize("line", ["x = 'told'", "count(end=asked)", "def someone(): ..."])
def test_a_text_or_a_part_of_a_longer_term_is_not_a_name(line: str) -> None:
    """Texts leave the process and stay; `someone` does not contain the word `one`."""
    assert [name for name in names_of(ast.parse(line)) if retired(name)] == []


def test_every_folder_has_a_row() -> None:
    """The table of docs/architecture.md names each package of shared/, each top-level folder, and nothing else."""
    first = " ".join(re.findall(r"^\| (.+?) \| .+ \|$", FOLDERS, re.MULTILINE))
    named = set(re.findall(r"`([\w./-]+)`", first))
    packages = {f"{path.relative_to(ROOT)}/" for path in modules() if path.is_dir()}
    single = {str(path.relative_to(ROOT)) for path in (ROOT / "shared").glob("*.py") if path.stem != "__init__"}
    top = {f"{folder}/" for folder in ("functions", "infra", "relay_admin", "sandbox", "tests", "tools")}
    assert len(packages) > 15
    assert (packages | single | top) - named == set()
    assert [name for name in re.findall(r"`([\w.-]+/[\w./-]*)`", FOLDERS) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_is_explained(module: Path) -> None:
    """Each word of its name is plain English or in the glossary."""
    assert unexplained(module.stem) == []


def test_an_unexplained_module_is_detected() -> None:
    """A module with an invented name would fail."""
    assert unexplained("frobnicator") == ["frobnicator"]
    assert unexplained("flux_ledgers") == ["flux"]
    assert unexplained("dead_letters") == []


def test_every_plain_term_is_used() -> None:
    """The list has no unused terms, and none that the glossary explains."""
    used = {singular(word) for path in modules() for word in parts_of(path.stem)}
    assert PLAIN - used == set()
    assert PLAIN & terms() == set()


def test_the_glossary_explains_each_term_once() -> None:
    """Each term has one line."""
    lines = re.findall(r"^- \*\*(.+?)\*\*.*?: ", GLOSSARY, re.MULTILINE)
    assert len(lines) > 45
    assert sorted(lines) == sorted(set(lines))

"""Folders show the architecture: few entries each, names of the field, and the tests beside them in the same order."""

from __future__ import annotations

import pytest
from support.package_source import HOME, TESTS, entries, folders, forbid

MAX_ENTRIES = 20
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base"}
# Folders of tests that stand for no folder of the package.
OWN_FOLDERS = {
    "actions",  # the bundled connector's definitions
    "connectors",  # small ones of peculiar services
    "docs",  # the pages, run
    "examples",
    "fuzz",
    "house",
    "independent",  # against services and clients made by others
    "support",
}
PROMISES = {"runtime/http/conformance"}  # one promise for every HTTP library
COVERED_ELSEWHERE = {"runtime/http/httpx", "runtime/http/pyreqwest"}  # by the conformance tests, which run for each


@pytest.mark.parametrize("top", [HOME, TESTS], ids=["package", "tests"])
def test_a_folder_has_at_most_twenty_entries(top):
    crowded = [
        f"{folder.relative_to(top.parent)}: {len(entries(folder))}"
        for folder in folders(top)
        if len(entries(folder)) > MAX_ENTRIES
    ]
    forbid(f"Folders have at most {MAX_ENTRIES} entries", crowded)


def test_no_module_is_named_for_odds_and_ends():
    vague = [
        str(path.relative_to(top))
        for top in (HOME, TESTS)
        for path in top.rglob("*.py")
        if VAGUE & {part.removesuffix(".py").removeprefix("test_") for part in path.relative_to(top).parts}
    ]
    forbid("Modules are named for what is in them", vague)


def test_every_folder_of_the_package_has_its_tests_in_the_folder_of_its_name():
    ours = [folder.relative_to(HOME) for folder in folders(HOME) if any(folder.glob("[a-z]*.py")) and folder != HOME]
    missing = [
        f"tests/{folder}/test_*.py"
        for folder in ours
        if folder.as_posix() not in COVERED_ELSEWHERE and not any((TESTS / folder).rglob("test_*.py"))
    ]
    forbid("Folders of the package have their tests", missing)


def test_every_folder_of_tests_stands_for_a_folder_or_module_of_the_package():
    stray = []
    for folder in folders(TESTS):
        relative = folder.relative_to(TESTS)
        if not relative.parts or relative.parts[0] in OWN_FOLDERS or relative.as_posix() in PROMISES:
            continue
        if not ((HOME / relative).is_dir() or (HOME / relative).with_suffix(".py").is_file()):
            stray.append(f"tests/{relative}")
    forbid("Folders of tests stand for a folder or module of the package", stray)


def test_a_folder_of_tests_holds_tests():
    empty = [
        str(folder.relative_to(TESTS))
        for folder in folders(TESTS)
        if folder.relative_to(TESTS).parts[:1] not in ((), ("support",)) and not any(folder.rglob("test_*.py"))
    ]
    forbid("Folders of tests hold tests", empty)


def test_no_test_imports_another_test_file():
    wrong = []
    for path in sorted(TESTS.rglob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            words = line.split()
            if words[:1] == ["from"] and words[1].split(".")[-1].startswith("test_"):
                wrong.append(f"{path.relative_to(TESTS)}:{number} {line.strip()}")
    forbid("Tests import shared helpers from tests/support alone", wrong)

"""The catalogue knows every rule; its wrong examples have the finding, and its right ones none."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
from support.package_source import sources
from support.pages.markdown_blocks import ROOT
from support.planting import plant_block

from connector.authoring.lint import lint
from connector.authoring.rule_catalogue import load_rules
from connector.authoring.rule_page import render_rule_page

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = {name: rule for name, rule in load_rules().items() if rule.wrong is not None}
NAMERS = {"Violation": 1, "Finding": 3, "build_finding": 1, "fail": 1, "_build_definition_error": 2, "_build_error": 1}


def lint_example(folder: Path, name: str, text: str) -> list[str]:
    rule = SHOWN[name]
    plant_block(folder / rule.file, rule.instead_of or rule.right, text)
    return [f"{finding.voice} {finding.rule}: {finding.message}" for finding in lint(folder)]


@pytest.mark.parametrize("name", SHOWN)
def test_a_wrong_example_has_its_finding_and_no_other(shelf: Path, name: str) -> None:
    findings = lint_example(shelf, name, SHOWN[name].wrong)
    assert {finding.partition(":")[0] for finding in findings} == {f"{SHOWN[name].voice} {name}"}, findings


@pytest.mark.parametrize("name", SHOWN)
def test_a_right_example_has_no_finding(shelf: Path, name: str) -> None:
    assert lint_example(shelf, name, SHOWN[name].right) == []


def test_every_rule_that_the_package_names_is_in_the_catalogue() -> None:
    named = set()
    for name, text in sources().items():
        if name.startswith(("connector.authoring", "connector.definition")):
            named |= find_rule_names(ast.parse(text))
    assert sorted(named - load_rules().keys()) == []


def test_the_page_of_the_rules_is_as_the_catalogue_says() -> None:
    assert (ROOT / "docs" / "lint.md").read_text(encoding="utf-8") == render_rule_page(), (
        "run python tests/docs/refresh_pages.py docs/lint.md"
    )


def find_rule_names(tree: ast.Module) -> set[str]:
    """Return the literal rule names of calls that make findings, and the values of RULE constants."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["RULE"]:
            names.add(ast.literal_eval(node.value))
        if isinstance(node, ast.Call):
            position = NAMERS.get(getattr(node.func, "attr", getattr(node.func, "id", "")))
            if position is not None and len(node.args) > position:
                argument = node.args[position]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    names.add(argument.value)
    return names

"""A connector says what version of the package it needs, and an older one says so instead of guessing at its words."""

from __future__ import annotations

import pytest

from connector import Connector
from connector.authoring.lint import lint
from connector.definition.parsers import requirement
from connector.definition.parsers.requirement import is_met
from connector.errors import DefinitionError


@pytest.mark.parametrize(
    ("requirement", "version", "answer"),
    [
        (">=0.2", "0.2.0", True),
        (">=0.2", "0.1.9", False),
        (">=0.2", "1.0", True),
        (">=0.10", "0.9.9", False),
        (">=0.2,<1", "0.99.5", True),
        (">=0.2, <1", "1.0.0", False),
        (">=1.2.3", "1.2.3rc1", True),
        (">=1", "1", True),
    ],
)
def test_a_requirement_is_met_by_the_versions_in_its_range(requirement, version, answer):
    assert is_met(requirement, version) is answer


def test_a_connector_for_a_newer_package_is_told_as_that_not_by_its_unknown_words(folder, monkeypatch):
    monkeypatch.setattr(requirement, "__version__", "0.2.0")
    with pytest.raises(DefinitionError) as caught:
        folder('requires: ">=0.3"\nnewer_word: 1\n')
    assert "needs connector >=0.3; this is 0.2.0" in str(caught.value)
    assert "newer_word" not in str(caught.value)
    assert caught.value.hint == "Install it: pip install 'connector>=0.3'."


def test_a_requirement_that_is_met_changes_nothing(folder, monkeypatch):
    monkeypatch.setattr(requirement, "__version__", "0.3.1")
    assert isinstance(folder('requires: ">=0.3,<1"\n'), Connector)


def test_lint_tells_it_at_its_line(folder, monkeypatch, tmp_path):
    connector = folder('requires: ">=0.0.1"\n')
    monkeypatch.setattr(requirement, "__version__", "0.0.0")
    [finding] = [one for one in lint(connector.folder) if one.rule == "requires"]
    assert finding.file.endswith("manifest.yaml")
    assert finding.line == (tmp_path / "manifest.yaml").read_text().splitlines().index('requires: ">=0.0.1"') + 1

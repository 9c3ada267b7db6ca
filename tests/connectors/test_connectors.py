"""Small connectors of peculiar services: what each really answers is read as it means it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.authoring.lint import lint
from connector.cli.main import run
from connector.definition.loader import Connector

ROOT = Path(__file__).parents[2]
EXAMPLES = ("google-calendar", "hubspot", "notion", "salesforce", "slack", "twilio")
FOLDERS = sorted(
    [
        *(path.parent for path in Path(__file__).parent.rglob("manifest.yaml")),
        *(ROOT / "examples" / name for name in EXAMPLES),
    ],
    key=lambda folder: folder.name,
)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_its_examples_replies_and_resources_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["test", str(folder)])
    assert (code, "FAIL" in capsys.readouterr().out) == (0, False)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_has_not_even_advice(folder: Path) -> None:
    assert [str(finding) for finding in lint(folder)] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_action_has_replies(folder: Path) -> None:
    connector = Connector.open(folder)
    assert connector.manifest.errors.replies
    assert [action.action for action in connector.actions() if not action.replies] == []

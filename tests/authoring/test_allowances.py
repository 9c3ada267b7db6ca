"""A comment allows the findings of one rule at one line, for a reason, and only where there are some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.planting import line_of, plant

from connector.authoring.lint import lint

if TYPE_CHECKING:
    from pathlib import Path

DOCS = "docs: https://bookshelf.example/docs/books#get\n"
LOOSE = "docs: https://bookshelf.example/docs"


def lint_docs(shelf: Path, new: str) -> list[tuple[str, int, str]]:
    path = shelf / "actions" / "get-book.yaml"
    plant(path, DOCS, new)
    return [(finding.rule, finding.line - line_of(path, "docs: "), finding.message) for finding in lint(shelf)]


@pytest.mark.parametrize(
    "text",
    [
        f"{LOOSE}  # lint: allow docs-deep-link - one page has them all\n",
        f"# lint: allow docs-deep-link - one page has them all\n{LOOSE}\n",
        f"{LOOSE}  #lint: allow  docs-deep-link  -  one page # has them all\n",
    ],
)
def test_a_comment_on_the_line_or_above_it_allows_the_finding(shelf: Path, text: str) -> None:
    assert lint_docs(shelf, text) == []


def test_errors_can_be_allowed_too(shelf: Path) -> None:
    plant(
        shelf / "actions" / "update-book.yaml",
        "    suggest: 1\n",
        "    default: 1  # lint: allow no-default-on-update - the service keeps no number of its own\n",
    )
    assert lint(shelf) == []


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("# lint: allow docs-deep-link", "add why"),
        ("# lint: allow docs-deep-link -", "add why"),
        ("# lint: allow docs-deep-link because", "add why"),
        ("# lint: allow", "name the rule"),
    ],
)
def test_a_comment_without_rule_or_reason_is_a_finding(shelf: Path, comment: str, message: str) -> None:
    (finding, *_) = lint_docs(shelf, f"{LOOSE}  {comment}\n")
    assert finding[:2] == ("allowance", 0)
    assert message in finding[2]


def test_an_unknown_rule_is_told_with_a_suggestion(shelf: Path) -> None:
    findings = lint_docs(shelf, f"{LOOSE}  # lint: allow docs-deep-lnk - one page has them all\n")
    assert [rule for rule, _, _ in findings] == ["allowance", "docs-deep-link"]
    assert "Did you mean 'docs-deep-link'?" in findings[0][2]


def test_a_comment_that_allows_nothing_is_a_finding(shelf: Path) -> None:
    findings = lint_docs(shelf, f"{DOCS.rstrip()}  # lint: allow docs-deep-link - one page has them all\n")
    assert [rule for rule, _, _ in findings] == ["allowance"]
    assert "remove the comment" in findings[0][2]


def test_a_comment_is_for_its_own_rule_and_line_alone(shelf: Path) -> None:
    for comment in ("docs-deep-link - one page\n", "word-order - one page"):
        text = f"# lint: allow {comment}\n{LOOSE}\n"
        assert [rule for rule, _, _ in lint_docs(shelf, text)] == ["allowance", "docs-deep-link"]
        plant(shelf / "actions" / "get-book.yaml", text, DOCS)


def test_a_text_that_looks_like_the_comment_is_none(shelf: Path) -> None:
    plant(
        shelf / "actions" / "get-book.yaml",
        "help: The book's ID, as listBooks tells it.",
        'help: "Write # lint: allow word-order - why."',
    )
    assert lint(shelf) == []

"""The connector of the GitHub example shows its records in the sandbox."""

from __future__ import annotations

from pathlib import Path

from connector import Client, Connector
from connector.sandbox.sandbox import Sandbox

GITHUB = Path(__file__).parents[2] / "examples" / "github"


def test_the_issue_that_the_sandbox_begins_with_is_listed_in_its_repository_alone() -> None:
    sandbox = Sandbox(Connector.open(GITHUB))
    with Client(sandbox.connector, sandbox.connection, http=sandbox.http) as client:
        issues = client.run("listIssues", {"owner": "octocat", "repository": "Hello-World"})
        assert [issue["number"] for issue in issues.data] == [7]
        assert client.run("listIssues", {"owner": "octocat", "repository": "other"}).data == []

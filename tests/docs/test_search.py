"""Who searches the site finds the right page among the first three."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from support.pages.markdown_blocks import ROOT

if TYPE_CHECKING:
    from support.pages.site import Site

FIRST = 3
ENOUGH = 0.95
# What people type, and the pages of docs that answer it.
WANTED = {
    "pagination": "embedding writing-a-connector/paging faq",
    "resume": "bulk chaining downloads",
    "mock": "sandbox testing",
    "parallel": "bulk bulk-workers faq",
    "logging": "runs embedding operating",
    "cron": "cron",
    "docker": "docker",
    "troubleshooting": "troubleshooting",
    "proxy": "http-libraries",
    "timeout": "errors-and-retries",
    "retry": "errors-and-retries",
    "rate limit": "rate-limits",
    "429": "rate-limits errors-and-retries",
    "csv": "bulk",
    "excel": "bulk",
    "webhook": "webhooks",
    "ngrok": "webhooks",
    "sign in": "connections",
    "login": "connections",
    "oauth": "connections",
    "refresh token": "connections",
    "scopes": "connections",
    "sandbox": "sandbox",
    "dry run": "tutorial embedding",
    "curl": "errors-and-retries embedding raw-requests",
    "HAR": "testing errors-and-retries embedding",
    "agent": "mcp",
    "MCP": "mcp",
    "airflow": "engines/airflow",
    "n8n": "engines/others",
    "temporal": "engines/temporal",
    "celery": "engines/celery",
    "notebook": "notebooks",
    "jupyter": "notebooks",
    "windows": "windows",
    "powershell": "windows",
    "secrets": "connections",
    "upgrade": "upgrade",
    "backup": "backup",
    "schedule": "cron systemd",
    "batch": "bulk",
    "idempotency": "errors-and-retries embedding",
    "graphql": "cookbook writing-a-connector/requests raw-requests",
    "upload": "raw-requests writing-a-connector/requests writing-a-connector/jobs-and-uploads",
    "download": "downloads",
    "offline": "records sandbox",
    "cache": "records",
    "database": "records",
    "dashboard": "console operating",
    "fastapi": "fastapi",
    "django": "django",
    "lambda": "lambda",
    "openapi": "import",
    "swagger": "import",
    "pytest": "testing",
    "mypy": "typed-code",
    "async": "embedding",
    "exit code": "errors-and-retries",
    "environment variables": "connections settings",
    "encryption": "connections",
    "install": "README.md",
    "prometheus": "operating",
    "systemd": "systemd",
    "kubernetes": "docker operating bulk-workers",
    "team": "teams",
    "workflow": "engines chaining engines/dbos engines/temporal",
    "certificate": "http-libraries",
    "signature": "webhooks",
    "slack": "cookbook",
    "tutorial": "tutorial",
    "faq": "faq",
    "glossary": "ARCHITECTURE.md",
    "performance": "speed",
    "changelog": "CHANGELOG.md",
    "polling": "records",
    "create meeting": "actions use-cases tutorial",
    "write a connector": "writing-a-connector writing-a-connector/first-connector",
    "own API": "writing-a-connector/your-api",
    "add an action": "writing-a-connector/first-connector",
    "paging": "writing-a-connector/paging",
    "next page": "writing-a-connector/paging",
    "api key": "writing-a-connector/authentication connections",
    "multipart": "writing-a-connector/requests",
    "xml": "writing-a-connector/replies",
    "variants": "writing-a-connector/objects",
    "choices": "writing-a-connector/inputs",
    "long running": "writing-a-connector/jobs-and-uploads",
    "triggers": "writing-a-connector/triggers",
    "base url": "writing-a-connector/base-urls",
    "manifest": "writing-a-connector/words",
    "publish": "sharing writing-a-connector/test-and-publish",
}


@pytest.fixture(scope="module")
def found(site: Site) -> dict[str, list[str]]:
    if shutil.which("node") is None:
        pytest.skip("Node is not installed: the search of the site is its own JavaScript")
    return site.search(list(WANTED))


def _address(page: str) -> str:
    name = page.removesuffix(".md")
    return "" if name == "README" else f"{name}/" if name != page else f"docs/{name}/"


def test_the_right_page_is_among_the_first_three(found: dict[str, list[str]]):
    missed = {
        query: found[query][:FIRST]
        for query, pages in WANTED.items()
        if not {_address(page) for page in pages.split()} & set(found[query][:FIRST])
    }
    assert len(missed) <= (1 - ENOUGH) * len(WANTED), missed


def test_a_search_for_what_no_page_has_finds_nothing(site: Site, found: dict[str, list[str]]):
    assert site.search(["xylophone"])["xylophone"] == []


def test_the_search_words_of_a_page_are_told_once():
    words = yaml.safe_load(Path(ROOT, "docs", "site", "search-words.yaml").read_text("utf-8"))
    twice = {page: [word for word in its if its.count(word) > 1] for page, its in words.items()}
    assert not {page: its for page, its in twice.items() if its}


def test_each_page_of_the_navigation_has_search_words():
    words = yaml.safe_load(Path(ROOT, "docs", "site", "search-words.yaml").read_text("utf-8"))
    named = re.findall(r"^ +- [^\n]+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert set(words) - {"docs/decisions/README.md"} == set(named)

"""Every command and every program in the pages does what the page shows, and every link leads somewhere."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from support.pages.markdown_blocks import GATE, ROOT, agrees, blocks, pages
from support.pages.page_runner import PageRunner

from connector import Connector
from connector.sandbox.data.state import SandboxState
from connector.sandbox.http_server import serve
from connector.sandbox.service import SandboxService

if TYPE_CHECKING:
    from pathlib import Path

RUN = [page for page in pages() if any(block.kind in ("console", "python") for block in blocks(page))]
KNOWN = ("console", "python", "text", "yaml", "json", "toml", "mermaid", "")
NEEDS = {  # the package of an extra
    "mcp.md": "mcp",
    "console.md": "starlette",
    "fastapi.md": "fastapi",
    "django.md": "django",
    "bulk-workers.md": "dbos",
    "dbos.md": "dbos",
    "celery.md": "celery",
    "airflow.md": "airflow",
    "temporal.md": "temporalio",
    "prefect.md": "prefect",
    "dagster.md": "dagster",
}
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture
def stand_in():
    """The bundled connector's sandbox over HTTP, for the Python of a page."""
    server = serve(SandboxService(Connector.open(), SandboxState(None)), "127.0.0.1", 0)
    yield server.url
    server.shutdown()


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_what_a_page_shows_is_what_happens(page, tmp_path, stand_in):
    if page.name in NEEDS and find_spec(NEEDS[page.name]) is None:  # not imported: some write into the home then
        pytest.skip(f"the extra {NEEDS[page.name]} is not installed")
    runner = PageRunner(tmp_path, ZOOM_ACCESS_TOKEN="a-token-for-the-stand-in", ZOOM_BASE_URL=stand_in)
    try:
        runner.run([block for block in blocks(page) if not block.gate])
    finally:
        runner.close()


def test_each_block_is_of_a_kind_that_is_held_to_its_word():
    for page in pages():
        for block in blocks(page):
            assert block.kind in KNOWN, f"{page.name}:{block.line}: {block.kind}"


def test_only_what_needs_a_fresh_machine_is_left_to_the_gate():
    left = [block for page in pages() for block in blocks(page) if block.gate]
    assert {block.page.name for block in left} == {"README.md"}
    commands = [command for block in left for command, _ in block.commands()]
    assert len(commands) == 2
    assert all("pip install" in command for command in commands)
    assert GATE in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings_that_exist(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        assert place.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in _anchors(place), f"{page.name}: {target}"


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["a b"], "a b\n", True),
        (["a b"], "a c\n", False),
        (["a b"], "a b\nc\n", False),
        (["id ..., done"], "id 4711, done\n", True),
        (["id ..., done"], "id 4711\n, done\n", False),
        (["first", "...", "last"], "first\n1\n2\nlast\n", True),
        (["first", "...", "last"], "first\n1\n2\n", False),
        (["..."], "", True),
        ([], "", True),
        ([], "something\n", False),
    ],
)
def test_dots_stand_for_what_varies_and_for_nothing_else(shown, printed, same):
    assert agrees(shown, printed) is same


@pytest.mark.parametrize(
    "text",
    [
        "```console\n$ echo one\ntwo\n```",
        "```console\n$ false\n```",
        "```console\n$ exit 0\n$ echo one\none\n```",
        "```console server\n$ echo one\ntwo\n```",
        "```python\nprint(1)\n```\n```text\n2\n```",
        "```python\nprint(1)\n```",
        "```python\nraise SystemExit\n```",
    ],
)
def test_a_page_that_shows_something_else_is_refused(text, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    runner = PageRunner(tmp_path)
    try:
        with pytest.raises(AssertionError):
            runner.run(blocks(page))
    finally:
        runner.close()


def test_a_page_whose_commands_print_what_it_shows_passes(tmp_path):
    page = tmp_path / "page.md"
    text = (
        "```yaml title=a/b.yaml\nx: 1\n```\n```console\n$ cat a/b.yaml\nx: 1\n$ echo id 4711471147\nid 123456789\n```\n"
    )
    page.write_text(f"{text}```python\nprint(2)\n```\n```text\n2\n```\n", encoding="utf-8")
    PageRunner(tmp_path).run(blocks(page))

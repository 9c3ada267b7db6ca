"""A recording is held against the definitions: replies are read, pages followed, and paths looked for."""

from __future__ import annotations

import base64
import json

import pytest
from support.planting import plant


@pytest.fixture
def made(here, tmp_path):
    """The folder of a new connector."""
    assert here("new", "mine").code == 0
    return tmp_path / "mine"


def entry(method="GET", target="/books?limit=50", body=None, status=200, *, posted=None, text=None, **content):
    request = {"method": method, "url": f"https://api.bookshelf.example/v1{target}", "headers": []}
    if posted is not None:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(posted)}
    headers = [{"name": "Content-Type", "value": "application/json"}, {"name": "Content-Length", "value": "999"}]
    text = json.dumps(body) if text is None else text
    return {
        "request": request,
        "response": {"status": status, "headers": headers, "content": {"text": text, **content}},
    }


FIRST = entry(body={"books": [{"id": "a"}], "next": "a"})
SECOND = entry(target="/books?limit=50&after=a", body={"books": [{"id": "b"}], "next": ""})


@pytest.fixture
def replay(here, made, tmp_path):
    """Run `connector test --replay` for the entries of a recording."""

    def run(*entries):
        (tmp_path / "calls.har").write_text(json.dumps({"log": {"version": "1.2", "entries": list(entries)}}))
        return here("test", "mine", "--replay", "calls.har")

    return run


def test_pages_that_follow_each_other_as_defined_pass(replay):
    done = replay(FIRST, SECOND)
    assert done.code == 0, done.out
    assert done.out.splitlines() == [
        "ok    recorded    listBooks: call 1",
        "ok    recorded    listBooks: call 2",
        "ok    recorded    listBooks: paths",
    ]


def test_what_run_records_is_replayed(here, made):
    for words in (
        ("listBooks",),
        ("getBook", "--book-id", "nothing"),
        ("createBook", "--title", "T", "--author-name", "N"),
    ):
        here("--connector", "mine", "run", *words, "--sandbox", "--har", f"{words[0]}.har")
    done = here("test", "mine", "--replay", "listBooks.har", "--replay", "getBook.har", "--replay", "createBook.har")
    assert done.code == 0, done.out
    assert "recorded    createBook: call 1" in done.out


@pytest.mark.parametrize(
    ("old", "new", "entries", "message"),
    [
        ("cursor_param: query.after", "cursor_param: query.cursor", (FIRST, SECOND), "the next page is /books?limit=50&cursor=a; recorded is /books?limit=50&after=a"),
        ("next: next,", "next: following,", (FIRST, SECOND), "call 1 ends the list, but call 2 is its next page"),
        ("next: next,", "next: next,", (entry(body={"volumes": []}),), "no recorded reply has a list at 'books'"),
        ("next: next,", "next: next,", (entry(body={"books": {"a": 1}}),), "is not a list"),
        ("next: next,", "next: next,", (entry(text="<html>", mimeType="text/html"),), "not JSON"),
    ],
)  # fmt: skip
def test_what_the_definitions_read_otherwise_is_a_failure(replay, made, old, new, entries, message):
    if old != new:
        plant(made / "manifest.yaml", old, new)
    done = replay(*entries)
    assert done.code == 2
    assert message in done.out
    assert "mine/actions/list-books.yaml:" in done.out


def test_another_call_of_the_same_list_is_no_page_of_it(replay):
    other = entry(target="/books?limit=50&genre=travel", body={"books": [], "next": ""})
    assert replay(FIRST, other).code == 0


def test_a_path_that_no_reply_has_is_noted(replay):
    done = replay(
        entry(body={"books": []}),
        entry(target="/books/x", status=404, body={"error": {"message": "No."}}),
    )
    assert done.code == 0
    assert "note: no recorded reply has next: next." in done.out
    assert "note: no recorded refusal has code: error.code." in done.out
    assert "error.message" not in done.out


def test_a_call_of_no_action_is_noted(replay):
    done = replay(entry("POST", "/lendings", {"id": 1}, posted={"book": "bk_001"}))
    assert (done.code, "no action has the request POST /v1/lendings." in done.out) == (0, True)


def test_calls_without_a_reply_are_left_out_and_other_hosts_are_read(replay):
    lost = entry(status=0, text="")
    local = entry(body={"books": [{"id": "a"}], "next": "a"})
    local["request"]["url"] = "http://127.0.0.1:8765/v1/books?limit=50"
    done = replay(lost, local)
    assert done.out.splitlines()[0] == "ok    recorded    listBooks: call 2"


def test_a_body_in_base64_is_read(replay):
    text = base64.b64encode(b'{"books": [], "next": "x"}').decode()
    done = replay(entry(text=text, encoding="base64"))
    assert (done.code, "note" in done.out) == (0, False)


def test_of_actions_with_one_request_line_the_constants_decide(here, made, replay):
    actions = made / "actions"
    text = (actions / "create-book.yaml").read_text()
    other = text.replace("action: createBook", "action: importBook").replace(
        "request: POST /books\n", "request: POST /books\nconstants: {body.source: import}\n"
    )
    (actions / "import-book.yaml").write_text(other)
    done = replay(
        entry("POST", "/books", {"id": "a"}, 201, posted={"title": "T", "source": "import"}),
        entry("POST", "/books", {"id": "b"}, 201, posted={"title": "T"}),
    )
    assert [line for line in done.out.splitlines() if "call" in line] == [
        "ok    recorded    importBook: call 1",
        "ok    recorded    createBook: call 2",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"log": {"entries": [{}]}}',
        '{"log": {"entries": [1]}}',
        '{"log": {"entries": {"a": 1}}}',
        '{"log": {"entries": [{"request": {"method": "GET", "url": "http://[::1"}, "response": {"status": 200}}]}}',
        "\xff",
    ],
)
def test_a_file_that_is_no_recording_is_told(here, made, tmp_path, text):
    (tmp_path / "calls.har").write_bytes(text.encode("latin-1"))
    done = here("test", "mine", "--replay", "calls.har")
    assert done.code == 2
    assert "calls.har:1:" in done.err
    assert "not a HAR file" in done.err
    assert "Error" not in done.err
    assert here("test", "mine", "--replay", "missing.har").code == 2

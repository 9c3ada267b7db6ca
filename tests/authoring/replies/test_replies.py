"""A recorded reply goes the way of a real one; what the client makes of it is held against what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.planting import line_of, plant

from connector.authoring.lint import lint

if TYPE_CHECKING:
    from pathlib import Path

LIST, CREATE, MANIFEST = "actions/list-books.yaml", "actions/create-book.yaml", "manifest.yaml"
BOOK = "{id: bk_001, title: A Walk}"

READ = [
    # file, status and headers, body, what the client makes of it
    (LIST, "", f"{{books: [{BOOK}], next: bk_001}}", "{items: 1, complete: false, next: {query.after: bk_001, query.limit: 50, path: /books}}"),
    (LIST, "", f"{{books: [{BOOK}], next: ''}}", "{items: 1, complete: true, next: null, outcome: done, warnings: []}"),
    (LIST, "", f"{{books: [{BOOK}]}}", "{data: {books: [{title: A Walk}]}}"),
    (LIST, "inputs: {genre: travel}", f"{{books: [{BOOK}], next: b}}", "{next: {query.genre: travel, query.after: b}}"),
    (LIST, "status: 429, headers: {Retry-After: '7'}", "{error: {code: slow, message: Too fast.}}", "{category: rate_limit, retry_after: 7, code: slow, message: Too, outcome: rejected}"),
    (LIST, "status: 404", "{error: {code: no_such_book, message: No.}}", "{category: not_found}"),
    (LIST, "status: 400", "{error: {code: cursor_expired, message: No.}}", "{category: cursor_expired}"),
    (LIST, "status: 401", "{error: {code: token_expired, message: No.}}", "{category: token_rejected}"),
    (LIST, "status: 403", "{error: {code: forbidden, message: No.}}", "{category: null, code: forbidden}"),
    *((LIST, f"status: {status}", "{error: {code: no, message: No.}}", f"{{category: {category}}}") for status, category in (
        (400, "invalid"), (422, "invalid"), (409, "conflict"), (412, "conflict"), (503, "unavailable"), (410, "not_found"),
    )),
    (CREATE, "status: 201", BOOK, "{data: {id: bk_001}, outcome: done}"),
    (CREATE, "status: 500", "<html>gone</html>", "{outcome: uncertain}"),
    (CREATE, "status: 503, headers: {Retry-After: '1'}", "{error: {code: busy, message: No.}}", "{outcome: rejected}"),
    (MANIFEST, "status: 404", "{error: {code: no_such_book, message: No.}}", "{category: not_found}"),
]  # fmt: skip

MISREAD = [
    # file, status and headers, body, what is expected, the word of the finding, a part of its message
    (LIST, "", f"{{books: [{BOOK}], next: b}}", "{complete: true}", "complete", "got false"),
    (LIST, "", f"{{books: [{BOOK}], next: b}}", "{next: null}", "next", "the next page is asked for: /books?limit=50&after=b"),
    (LIST, "", f"{{books: [{BOOK}], next: b}}", "{next: {query.after: c}}", "next", 'query.after is "b"'),
    (LIST, "", f"{{books: [{BOOK}], next: b}}", "{next: {query.page: 2}}", "next", "query.page is not sent"),
    (LIST, "", f"{{books: [{BOOK}]}}", "{next: {query.after: b}}", "next", "the list ends with this page"),
    (LIST, "", f"{{books: [{BOOK}]}}", "{items: 2}", "items", "got 1"),
    (LIST, "", f"{{books: [{BOOK}]}}", "{data: {books: [{title: Bread}]}}", "data", 'got "A Walk" at books.0.title'),
    (LIST, "", f"{{books: [{BOOK}]}}", "{data: {total: 1}}", "data", "nothing at total"),
    (LIST, "", f"{{books: [{BOOK}]}}", "{warnings: [twice]}", "warnings", 'got "[]"'),
    (LIST, "", f"{{books: [{BOOK}]}}", "{category: not_found}", "category", "the reply is a success"),
    (LIST, "", f"{{books: [{BOOK}]}}", "{outcome: rejected}", "outcome", 'got "done"'),
    (LIST, "status: 403", "{error: {code: slow, message: No.}}", "{category: rate_limit}", "category", "got none; the error is Denied: The service refused GET /books: HTTP 403, code slow: No."),
    (LIST, "status: 400", "{error: {code: no, message: No.}}", "{category: null}", "category", "got invalid"),
    (LIST, "status: 403", "{error: {code: slow, message: No.}}", "{items: 1}", "items", "the reply is an error"),
    (LIST, "status: 403", "{error: {code: slow, message: No.}}", "{code: fast}", "code", 'got "slow"'),
    (LIST, "status: 403", "{error: {code: slow, message: No.}}", "{message: Yes}", "message", 'the message is "The service refused GET /books: HTTP 403, code slow: No."'),
    (LIST, "status: 403", "{error: {code: slow, message: A long reason that goes on for a while and says the one thing that matters last.}}", "{message: Yes}", "message", "matters last."),
    (LIST, "status: 403", "{error: {code: slow, message: No.}}", "{retry_after: 3}", "retry_after", "got null"),
    (LIST, "status: 429", "{error: {code: slow, message: No.}}", "{category: ratelimit}", "category", "Did you mean 'rate_limit'?"),
    (CREATE, "status: 201", BOOK, "{items: 1}", "items", "has no `pagination`"),
    (CREATE, "", BOOK, "{}", "expect", "say what the client makes"),
    (MANIFEST, "status: 403", "{error: {code: no, message: No.}}", "{category: not_found}", "category", "got none"),
]  # fmt: skip


def plant_reply(folder: Path, file: str, facts: str, body: str, expected: str) -> Path:
    path = folder / file
    reply = f"- {{{facts}{', ' if facts else ''}body: {body}, expect: {expected}}}\n"
    if file == MANIFEST:
        plant(path, "# Redacted everywhere", f"  replies:\n    {reply}\n# Redacted everywhere")
    else:
        plant(path, "\nexamples:\n", f"\nreplies:\n  {reply}\nexamples:\n")
    return path


@pytest.mark.parametrize("case", READ, ids=range(len(READ)))
def test_a_reply_that_is_read_as_expected_has_no_finding(shelf: Path, case) -> None:
    plant_reply(shelf, *case)
    assert [str(finding) for finding in lint(shelf)] == []


@pytest.mark.parametrize("case", MISREAD, ids=range(len(MISREAD)))
def test_a_reply_that_is_read_otherwise_is_told_with_what_was_made_of_it(shelf: Path, case) -> None:
    *planted, word, message = case
    path = plant_reply(shelf, *planted)
    (finding,) = lint(shelf)
    assert (finding.file, finding.rule, finding.line) == (str(path), "replies-run", line_of(path, "expect:")), finding
    assert message in finding.message
    column = path.read_text().splitlines()[finding.line - 1].rindex(f"{word}:") + 1
    assert finding.column in (column, column + len(f"{word}: "))


def test_a_reply_of_an_action_without_an_example_gives_its_inputs(shelf: Path) -> None:
    get = "actions/get-book.yaml"
    path = plant_reply(shelf, get, "inputs: {}", BOOK, "{outcome: done}")
    (finding,) = lint(shelf)
    assert finding.rule == "replies-run"
    assert "bookId" in finding.message
    plant(path, "inputs: {}", "inputs: {bookId: bk_009}")
    assert lint(shelf) == []


def test_a_mistake_of_the_pagination_is_seen_in_the_reply(shelf: Path) -> None:
    plant_reply(shelf, *READ[0])
    plant(shelf / MANIFEST, "cursor_param: query.after", "cursor_param: query.cursor")
    (finding,) = lint(shelf)
    assert finding.message == "next: query.after is not sent."


def test_a_word_that_no_reply_has_hides_nothing_else(shelf: Path) -> None:
    path = plant_reply(shelf, LIST, "", f"{{books: [{BOOK}]}}", "{item: 1}")
    plant(path, "summary: List the books of the library, newest first.", "summary: List the books")
    assert [finding.rule for finding in lint(shelf)] == ["unknown-word", "help-is-a-sentence"]


def test_a_path_of_errors_that_no_refusal_has_is_told_at_its_word(shelf: Path) -> None:
    path = plant_reply(shelf, MANIFEST, "status: 404", "{error: {text: No., code: 1}}", "{code: 1}")
    (finding,) = lint(shelf)
    assert (finding.rule, finding.line) == ("reply-path", line_of(path, "message: error.message"))
    plant_reply(shelf, LIST, "status: 403", "{error: {message: No., code: 1}}", "{code: 1}")
    assert lint(shelf) == [], "one reply that has it is enough"


def test_where_only_web_pages_are_recorded_no_path_is_missed(shelf: Path) -> None:
    plant_reply(shelf, LIST, "status: 502", "<html>Bad Gateway</html>", "{outcome: rejected}")
    assert lint(shelf) == []


def test_a_place_of_the_next_request_may_be_empty(shelf: Path) -> None:
    plant_reply(shelf, LIST, "", f"{{books: [{BOOK}], next: b}}", "{next: {query.genre: null, query.after: b}}")
    assert lint(shelf) == []

"""`connector test` runs examples, replies and resources, and tells what is wrong at its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.planting import line_of, plant

ROOT = Path(__file__).parents[3]


@pytest.fixture
def made(here, tmp_path):
    """The folder of a new connector."""
    assert here("new", "mine").code == 0
    return tmp_path / "mine"


def add_reply(folder: Path, reply: str) -> None:
    plant(folder / "actions" / "list-books.yaml", "\nexamples:\n", f"\nreplies:\n  - {reply}\n\nexamples:\n")


@pytest.mark.parametrize("folder", [".", "examples/stripe", "examples/github"])
def test_the_connectors_of_this_repository_pass(here, folder):
    done = here("test", str(ROOT / folder), "--quiet")
    assert (done.code, done.err) == (0, ""), done.out
    assert "FAIL" not in done.out


def test_each_check_is_a_line_and_the_summary_counts_them(here, made):
    add_reply(made, "{about: the last page, body: {books: [], next: ''}, expect: {complete: true}}")
    done = here("test", "mine")
    assert done.code == 0
    assert done.out.splitlines() == [
        "ok    example     createBook: As little as can be said",
        "ok    example     createBook: Everything",
        "ok    example     deleteBook: By its id",
        "ok    example     getBook: By its id",
        "ok    example     listBooks: Every book",
        "ok    example     listBooks: Travel books about canals",
        "ok    example     updateBook: Another copy",
        "ok    example     updateBook: A year put right",
        "ok    reply       listBooks: the last page",
        "ok    round trip  books: create, get, list, update, delete",
    ]
    assert done.err == "mine: 10 checks, all passed.\n"


def test_a_failed_check_ends_with_2_and_names_its_line(here, made):
    add_reply(made, "{body: {books: [], next: ''}, expect: {complete: false}}")
    path = made / "actions" / "create-book.yaml"
    plant(path, "        genre: novel\n        copies: 1\n", "        genre: novel\n        copies: 2\n")
    done = here("test", "mine")
    assert (done.code, done.err) == (2, "mine: 10 checks, 2 failed.\n")
    lines = done.out.splitlines()
    assert "FAIL  example     createBook: As little as can be said" in lines
    assert f"      mine/actions/create-book.yaml:{line_of(path, '      body:')}:7: examples-run:" in done.out
    assert "FAIL  reply       listBooks: reply 1, status 200" in lines
    assert "replies-run: complete: got true." in done.out


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("manifest.yaml", "    id: id\n", "    id: isbn\n", "has no 'isbn'"),
        ("actions/create-book.yaml", "    id: bk_002\n", "", "the reply of createBook has no 'id'"),
        ("actions/get-book.yaml", "    type: string\n", "    type: string\n    max: 1\n", "nothing was sent"),
    ],
)  # fmt: skip
def test_a_resource_that_the_actions_do_not_fit_is_told(here, made, file, old, new, message):
    plant(made / file, old, new)
    if "isbn" in new:
        plant(made / "manifest.yaml", "      - id: bk_001\n", "      - isbn: bk_001\n")
    done = here("test", "mine")
    assert done.code == 2
    failed = done.out.partition("FAIL  round trip  books\n")[2]
    assert message in failed
    assert "mine/manifest.yaml:" in failed


def test_what_has_no_example_is_not_tried_and_the_rest_is(here, made):
    file = made / "actions" / "create-book.yaml"
    file.write_text(file.read_text().partition("\nexamples:")[0])
    done = here("test", "mine")
    assert done.code == 0
    tried = done.out.partition("round trip  books: ")[2]
    assert tried.startswith("get, list")
    assert "not tried: createBook has no example whose inputs could be sent; add one to its `examples`." in tried


def test_a_list_is_asked_for_what_the_new_record_has(here, made):
    books, book = made / "actions" / "list-books.yaml", made / "actions" / "create-book.yaml"
    plant(books, "    inputs: {}\n    request:\n      path: /books\n",
          "    inputs: {genre: travel}\n    request:\n      path: /books\n      query: {genre: travel}\n")  # fmt: skip
    plant(book, "authorName: Tobe Okafor}", "authorName: Tobe Okafor, genre: cooking}")
    plant(book, "        genre: novel\n", "        genre: cooking\n")
    done = here("test", "mine")
    assert done.code == 0, done.out


def test_json_has_every_check(here, made):
    add_reply(made, "{body: {books: [], next: ''}, expect: {items: 2}}")
    done = here("test", "mine", "--output", "json")
    assert done.code == 2
    assert done.data["folder"] == "mine"
    (failed,) = [check for check in done.data["checks"] if not check["passed"]]
    assert (failed["kind"], failed["subject"]) == ("reply", "listBooks: reply 1, status 200")
    assert failed["problems"][0]["file"] == "mine/actions/list-books.yaml"
    assert failed["problems"][0]["rule"] == "replies-run"


def test_a_folder_that_cannot_be_read_is_told_as_lint_tells_it(here, made):
    plant(made / "actions" / "get-book.yaml", "label: Get Book", "lable: Get Book")
    done = here("test", "mine")
    assert done.code == 2
    assert "Did you mean 'label'?" in done.err
    assert "Traceback" not in done.err


def test_resources_below_each_other_in_a_circle_end(here, made):
    plant(made / "manifest.yaml", "    new_id: text\n", "    new_id: text\n    parent: books\n")
    done = here("test", "mine")
    assert done.code in (0, 2)

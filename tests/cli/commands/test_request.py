"""`connector request`: a list that goes on is told, and read to its end on request."""

from __future__ import annotations

import json

import pytest

LIST = ("request", "GET", "/users", "--sandbox")


@pytest.fixture
def many_users(here):
    for number in range(4):
        user = ("--email", f"u{number}@example.com", "--first-name", "U", "--last-name", str(number))
        assert here("run", "createUser", "--sandbox", "--action", "create", "--user-type", "1", *user).code == 0


@pytest.mark.usefixtures("many_users")
def test_a_page_of_several_is_not_complete_and_names_the_flag(here):
    done = here(*LIST, "-q", "page_size=2")
    assert (done.code, done.data["complete"], len(done.data["data"]["users"])) == (0, False, 2)
    assert "--paginate" in done.err


@pytest.mark.usefixtures("many_users")
@pytest.mark.parametrize("words", [(), ("--items", "users"), ("--limit", "3")])
def test_every_page_is_read_on_request(here, words):
    done = here(*LIST, "--paginate", "--page-size", "2", *words)
    expected = 3 if "--limit" in words else 5
    assert (done.code, done.data["complete"], len(done.data["data"]["users"])) == (0, expected == 5, expected)
    assert done.data["pages"] == -(-expected // 2)


@pytest.mark.usefixtures("many_users")
def test_lines_and_tables_have_one_item_each(here):
    lines = here(*LIST, "--paginate", "--page-size", "2", "--output", "lines")
    assert [json.loads(line)["email"] for line in lines.out.splitlines()][1:] == [f"u{n}@example.com" for n in range(4)]
    table = here(*LIST, "--paginate", "--output", "table")
    assert "u3@example.com" in table.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--items", "users"), "items"),
        (("--limit", "3"), "--paginate"),
        (("--page-size", "3"), "--paginate"),
        (("--paginate", "--items", "a..b"), "items"),
        (("--paginate", "--page-size", "301"), "from 1 to 300"),
    ],
)
def test_flags_that_do_not_fit_are_told(here, words, expected):
    done = here(*LIST, *words)
    assert done.code == 2
    assert expected in done.err


def test_the_first_request_is_shown(here):
    done = here("request", "GET", "/users", "--paginate", "--page-size", "7", "--dry-run")
    assert "page_size=7" in done.out


def test_an_action_takes_a_page_size(here):
    done = here("run", "listUsers", "--page-size", "7", "--dry-run")
    assert "page_size=7" in done.out
    assert here("run", "getUser", "--user-id", "me", "--page-size", "7", "--dry-run").code == 2
    assert here("download", "https://zoom.us/rec/x", "--page-size", "7").code == 2

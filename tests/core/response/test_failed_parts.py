"""Several things in one request: what failed of them is told, each at its place; where all failed, the call did."""

from __future__ import annotations

import json

import pytest
from support.exchange_world import NOW, World, ok, ready

from connector import errors
from connector.core.exchange import exchange

EACH = {"items": "rows", "failed": {"ok": [False]}, "code": "errors.0.code", "message": "errors"}
LISTED = {"failed": "errors", "done": "results", "code": "code", "message": "message"}
RULES = {"code": "code", "rules": [{"category": "concurrency", "code": "LOCKED"}]}


@pytest.fixture
def send(folder):
    """Return what becomes of a POST that is answered by these data."""

    def run(words, *data, status=200):
        action = f"action: addRows\nlabel: L\nsummary: S.\nrequest: POST /rows\nreturns: {{help: H., partial: {json.dumps(words)}}}\n"
        connector = folder(f"errors: {json.dumps(RULES)}\n", {"add-rows": action})
        plan, request, how = ready(connector, "addRows", {})
        world = World(*(ok(one, status) for one in data), renewable=False)
        return world.drive(exchange.run_call(plan, request, how, NOW + 60, NOW))

    return run


def refused(code, text, **fields):
    return {"ok": False, "errors": [{"code": code, "message": text, **fields}]}


def test_a_part_that_failed_is_told_at_its_place_and_the_others_are_done(send):
    rows = [
        {"ok": True, "id": "1"},
        refused("DUP", "There is one."),
        {"ok": True},
        refused("MISSING", "No value.", field="name"),
    ]
    result = send(EACH, {"rows": rows})
    assert (result.outcome, result.data) == ("done", {"rows": rows})
    assert result.warnings == ("2 of 4 failed: [1: DUP, There is one.] [3: MISSING, name: No value.]",)


def test_an_entry_in_place_of_a_list_of_one_is_one(send):
    with pytest.raises(errors.Rejected, match=r"1 of 1 failed: \[0: DUP, There is one.\]"):
        send(EACH, {"rows": refused("DUP", "There is one.")})
    assert send(EACH, {"rows": {"ok": True}}).warnings == ()


def test_parts_that_say_the_same_are_told_together(send):
    rows = [
        refused("DUP", "There is one."),
        {"ok": True},
        *[refused("DUP", "There is one.")] * 3,
        refused("BAD", "No."),
    ]
    assert send(EACH, {"rows": rows}).warnings == ("5 of 6 failed: [0, 2-4: DUP, There is one.] [5: BAD, No.]",)


def test_all_failed_is_a_failure_that_tells_each_of_them(send):
    rows = [refused("DUP", "There is one."), refused("MISSING", "No name.")]
    with pytest.raises(errors.Rejected, match="All 2 failed") as caught:
        send(EACH, {"rows": rows})
    error = caught.value
    assert (error.outcome, error.code, error.status, error.retryable) == ("rejected", "DUP", 200, False)
    assert "[0: DUP, There is one.] [1: MISSING, No name.]" in str(error)
    assert error.result.data == {"rows": rows}


def test_what_their_code_means_counts_where_all_have_the_same(send):
    locked, other = refused("LOCKED", "Try again."), refused("OTHER", "No.")
    assert send(EACH, {"rows": [locked, locked]}, {"rows": [{"ok": True}, {"ok": True}]}).attempts == 2
    with pytest.raises(errors.Rejected) as caught:
        send(EACH, {"rows": [locked, other]})
    assert (caught.value.code, caught.value.retryable) == ("LOCKED", False)


@pytest.mark.parametrize("rows", [[], None, "none", {}, [{"ok": True}], [{}], [None], [{"ok": {}}]], ids=str)
def test_what_does_not_say_that_it_failed_is_done(send, rows):
    result = send(EACH, {"rows": rows})
    assert (result.outcome, result.warnings) == ("done", ())


@pytest.mark.parametrize(
    ("failed", "entry"),
    [("error", {"error": {"code": 5}}), ({"state": ["bad", None]}, {"state": None}), ({"n": [1]}, {"n": "1"})],
)
def test_an_entry_may_show_its_failure_by_a_path_or_by_values(send, failed, entry):
    result = send({"items": ".", "failed": failed}, [{"n": 2, "state": "good"}, {**entry, "message": "No."}])
    assert result.warnings == ("1 of 2 failed: [1: No.]",)


def test_a_part_without_a_reason_is_told_all_the_same(send):
    assert send(EACH, {"rows": [{"ok": True}, {"ok": False}]}).warnings == ("1 of 2 failed: [1: no reason given]",)


def test_failures_beside_what_was_done_are_a_warning_and_without_it_an_error(send):
    failures = [{"code": "DUP", "message": "There is one."}, {"code": "BAD", "message": "No."}]
    result = send(LISTED, {"results": [{"id": 1}], "errors": failures}, status=207)
    assert result.warnings == ("A part failed: [DUP, There is one.] [BAD, No.]",)
    for nothing in ({"results": []}, {"results": None}):
        with pytest.raises(errors.Rejected, match=r"All of it failed: \[DUP, There is one.\] \[BAD, No.\]") as caught:
            send(LISTED, {**nothing, "errors": failures}, status=207)
        assert (caught.value.outcome, caught.value.code) == ("rejected", "DUP")
    assert send(LISTED, {"errors": failures}, status=207).outcome == "done"  # the reply does not say
    assert send(LISTED, {"results": [], "errors": []}).warnings == ()


def test_failures_in_another_shape_are_read_too(send):
    words = {"failed": "errors", "done": "results"}
    assert send(words, {"results": [1], "errors": "No."}).warnings == ("A part failed: [No.]",)
    told = send(words, {"results": [1], "errors": [{"message": "No.", "field": "name"}, {}]}).warnings
    assert told == ("A part failed: [name: No.] no reason given",)
    assert send(LISTED, {"results": [1], "errors": {"message": "No."}}).warnings == ("A part failed: [No.]",)
    again = send(LISTED, {"results": [1], "errors": [{"message": "No."}] * 3}).warnings
    assert again == ("A part failed: [No.] (3 times)",)


def test_many_failures_are_shortened_and_counted(send):
    rows = [{"ok": True}, *(refused(f"E{number}", "x" * 500) for number in range(30))]
    [warning] = send(EACH, {"rows": rows}).warnings
    assert warning.endswith(" and 10 more")
    assert warning.count("[") == 20
    assert len(warning) < 20 * 220 + 60

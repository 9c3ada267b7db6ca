"""Whether a reply with a status of success is an error is what the definition says; a failed write is never done."""

from __future__ import annotations

import json

import pytest
from support.exchange_world import NOW, World, fail_raw, ok, ready, run_raw

from connector import errors
from connector.core.exchange import exchange
from connector.core.response.reply import Reply


def world(data, status=200, **headers):
    return World(ok(data, status, **headers), renewable=False)


@pytest.fixture
def service(folder):
    return lambda words, actions=None: folder(f"errors: {json.dumps(words)}\n", actions)


SLACK = {"failed": {"ok": [False]}, "code": "error", "message": "error"}
LARK = {"success_codes": [0, "OK"], "code": "code", "message": "msg"}
ZEROS = {"success_codes": ["00000"], "code": "code", "message": "msg"}
GRAPHQL = {"failed": "errors", "code": "errors.0.extensions.code", "message": "errors.0.message"}
MUTATION = {"failed": ["errors", "data.create.userErrors", {"data.drop.success": [False]}]}
FAILED = [
    (SLACK, {"ok": False}), (SLACK, {"ok": False, "error": "no_such_channel"}), (SLACK, {"ok": "false"}),
    (LARK, {"code": 5}), (LARK, {"code": 5, "msg": "bad", "data": {}}), (LARK, {"code": "5"}), (LARK, {"code": "ERR"}), (LARK, {"code": -1}),
    (GRAPHQL, {"errors": [{"message": "no"}], "data": None}), (GRAPHQL, {"errors": [{}]}), (GRAPHQL, {"errors": {"a": ["b"]}}),
    (GRAPHQL, {"errors": "no"}), (GRAPHQL, {"errors": [{"message": "no"}], "data": {"a": None, "b": None}}),
    ({"failed": {"result.state": ["failed", "denied"]}}, {"result": {"state": "denied"}}),
    ({"failed": {"status": [1, 2]}}, {"status": 2}), ({"failed": {"status": [1]}}, {"status": "1"}), ({"failed": {"data": [None]}}, {"data": None}),
    ({"failed": {"0.success": [False]}}, [{"success": False}]), ({"failed": {"header.X-Status": ["failed"]}}, {}),
    ({"failed": "header.X-Problem"}, {}), ({"failed": {"ok": [False], "done": [False]}}, {"ok": True, "done": False}),
    ({"success_codes": [0], "code": ["errcode", "code"]}, {"code": 7}), (SLACK, {"ok": "False"}), (ZEROS, {"code": "00001"}),
    (MUTATION, {"data": {"create": {"id": None, "userErrors": [{"message": "no"}]}}}), (MUTATION, {"data": {"drop": {"success": False}}}),
    (MUTATION, {"errors": [{"message": "no"}], "data": None}), (MUTATION, {"data": {"drop": None, "create": {"userErrors": [{}]}}}),
    ({"failed": "."}, {"anything": 1}),
]  # fmt: skip
DONE = [
    (SLACK, {"ok": True}), (SLACK, {}), (SLACK, {"ok": None}), (SLACK, {"ok": 0}), (SLACK, []), (SLACK, "x"), (SLACK, {"ok": True, "error": "odd"}),
    (LARK, {"code": 0, "msg": "success"}), (LARK, {"code": "0"}), (LARK, {"code": "OK"}), (LARK, {}), (LARK, {"code": None}), (LARK, {"code": {}}),
    (GRAPHQL, {"data": {"a": 1}}), (GRAPHQL, {"errors": [], "data": {}}), (GRAPHQL, {"errors": None, "data": {}}), (GRAPHQL, {"errors": {}}),
    (MUTATION, {"data": {"create": {"id": 5, "userErrors": []}}}), (MUTATION, {"data": {"drop": {"success": True}}, "errors": []}),
    (GRAPHQL, {"errors": ""}), (GRAPHQL, {"errors": False}), (GRAPHQL, {"errors": 0}), (GRAPHQL, {"code": 500, "message": "mine"}),
    ({"failed": {"data": [None]}}, {}), ({"failed": {"n": [1]}}, {"n": True}), ({"failed": {"n": [False]}}, {"n": 0}),
    ({"code": "code", "message": "message"}, {"code": 300, "message": "a row with a code"}), ({}, {"error": "a row"}),
    (ZEROS, {"code": "00000", "msg": "success"}), (LARK, {"code": "00000"}), (LARK, {"code": 0.0}),
]  # fmt: skip


@pytest.mark.parametrize(("words", "data"), FAILED, ids=str)
def test_what_the_definition_calls_failed_is_never_done(service, words, data):
    for method in ("GET", "POST", "PUT", "DELETE"):
        error = fail_raw(service(words), world(data, x_status="failed", x_problem="E1"), method)
        assert isinstance(error, errors.ApiError)
        assert (error.outcome, error.status, error.attempts) == ("rejected", 200, 1)
    assert fail_raw(service(words), world(data, 201, x_status="failed", x_problem="E1")).outcome == "rejected"


@pytest.mark.parametrize(("words", "data"), DONE, ids=str)
def test_what_the_definition_does_not_call_failed_is_never_refused(service, words, data):
    for method in ("GET", "POST", "PUT", "DELETE"):
        result = run_raw(service(words), world(data), method)
        assert (result.outcome, result.data) == ("done", data)


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_status_of_failure_is_one_whatever_the_code_says(service, status):
    assert fail_raw(service(LARK), world({"code": 0, "msg": "success"}, status), max_retries=0).status == status


QUERY = "action: {key}\nlabel: L\nsummary: S.\nrequest: {request}\n{more}returns: {{type: json, help: H., {partial}example: {{}}}}\n"


def run_action(connector, data, key="doIt", status=200):
    plan, request, how = ready(connector, key, {})
    return World(ok(data, status), renewable=False).drive(exchange.run_call(plan, request, how, NOW + 60, NOW))


def action(request="POST /graphql", more="", partial=""):
    return {"do-it": QUERY.format(key="doIt", request=request, more=more, partial=partial)}


PARTLY = {"data": {"create": {"id": 5}, "assign": None}, "errors": [{"message": "no such user", "path": ["assign"]}]}
NOTHING = {"data": {"create": None}, "errors": [{"message": "no"}]}


def test_a_mutation_that_failed_beside_data_is_uncertain_and_one_without_data_rejected(service):
    connector = service(GRAPHQL, action())
    with pytest.raises(errors.Rejected) as caught:
        run_action(connector, PARTLY)
    assert (caught.value.outcome, caught.value.retryable) == ("uncertain", False)
    assert caught.value.result.data["data"]["create"] == {"id": 5}
    for nothing in (NOTHING, {"data": None, "errors": [{"message": "no"}]}, {"errors": [{"message": "no"}]}):
        with pytest.raises(errors.Rejected) as caught:
            run_action(connector, nothing)
        assert caught.value.outcome == "rejected"


@pytest.mark.parametrize(
    "failed",
    [{"create": {"userErrors": [{"message": "no"}]}}, {"drop": {"success": False}}],
    ids=["errors within the field", "a value within the field"],
)
def test_a_field_that_failed_within_itself_leaves_only_the_others_in_doubt(service, failed):
    connector = service(MUTATION, action())
    for others, outcome in (({}, "rejected"), ({"assign": None}, "rejected"), ({"assign": {"id": 5}}, "uncertain")):
        with pytest.raises(errors.Rejected) as caught:
            run_action(connector, {"data": {**failed, **others}})
        assert (caught.value.outcome, caught.value.retryable) == (outcome, False)


@pytest.mark.parametrize("category", ["token_rejected", "rate_limit", "unavailable", "concurrency"])
def test_a_mutation_that_may_have_been_done_in_part_is_not_sent_again(service, category):
    words = {**GRAPHQL, "rules": [{"category": category, "code": "X"}]}
    connector = service(words, action())
    data = {"data": {"create": {"id": 5}}, "errors": [{"message": "m", "extensions": {"code": "X"}}]}
    plan, request, how = ready(connector, "doIt", {})
    whole = World(ok(data))
    with pytest.raises(errors.ConnectorError) as caught:
        whole.drive(exchange.run_call(plan, request, how, NOW + 60, NOW))
    assert (len(whole.sends), caught.value.outcome) == (1, "uncertain")
    assert not caught.value.retryable


def test_an_action_that_names_its_failed_parts_is_done_with_a_warning(service):
    connector = service(GRAPHQL, action(partial="partial: errors, "))
    result = run_action(connector, PARTLY)
    assert result.data == PARTLY
    assert result.warnings == ("A part failed: [assign: no such user]",)
    with pytest.raises(errors.Rejected) as caught:
        run_action(connector, NOTHING)
    assert caught.value.outcome == "rejected"
    assert run_action(connector, {"data": {"create": {"id": 5}}}).warnings == ()


def test_a_batch_tells_each_of_its_parts_that_failed_and_says_how_many_more(service):
    connector = service({"message": "message"}, action("POST /batch", partial="partial: errors, "))
    failures = [{"message": f"row {n}", "field": "email"} for n in range(23)]
    told = " ".join(f"[email: row {n}]" for n in range(20))
    for status in (200, 207):
        result = run_action(connector, {"results": [1], "errors": failures}, status=status)
        assert result.outcome == "done"
        assert result.warnings == (f"A part failed: {told} and 3 more",)
        assert run_action(connector, {"results": [1], "errors": []}, status=status).warnings == ()


def test_a_multi_status_whose_parts_are_not_named_is_warned_of(zoom):
    result = run_raw(zoom, world([{"status": 200}, {"status": 400}], 207))
    assert "207" in result.warnings[0]


@pytest.mark.parametrize("kind", ["text", "binary"])
def test_an_error_in_place_of_a_file_or_a_text_is_one(service, kind):
    connector = service(SLACK)
    plan, request, _ = ready(connector, None, {"method": "GET", "path": "/x", "response_type": kind})
    assert plan.parser.parse(request, ok({"ok": False, "error": "x"})).code == "x"
    assert plan.parser.parse(request, ok({"ok": True})).outcome == "done"
    text = Reply(200, (("content-type", "text/csv"),), b'{"ok": false}')
    assert plan.parser.parse(request, text).outcome == "done"


HEADER = {"failed": {"header.X-Status": ["failed"]}, "code": "header.X-Code", "message": "header.X-Error"}


@pytest.mark.parametrize("raw", [b"", b"nope", b"{}", b"{"])
@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_header_may_say_that_it_failed_whatever_the_body(service, raw, status):
    headers = (("x-status", "failed"), ("x-code", "E5"), ("x-error", "too late"), ("content-length", str(len(raw))))
    for kind in ("json", "text", "binary"):
        plan, request, _ = ready(service(HEADER), None, {"method": "POST", "path": "/x", "response_type": kind})
        details = plan.parser.parse(request, Reply(status, (*headers, ("content-type", "application/json")), raw))
        assert (details.code, details.message) == ("E5", "too late")
        done = Reply(status, (("x-status", "fine"), ("content-length", "0")), b"")
        assert plan.parser.parse(request, done).outcome == "done"


RETRY = {"code": "code", "rules": [{"category": "rate_limit", "code": 20}]}


@pytest.mark.parametrize(
    ("words", "value", "delay"),
    [
        ({}, 7, 7), ({}, "7", 7), ({}, 0.5, 0.5), ({"unit": "ms"}, 1500, 1.5), ({"unit": "ms"}, "1500", 1.5), ({}, NOW + 9, 9),
        ({"unit": "ms"}, (NOW + 9) * 1000, 9), ({}, "2027-01-15T08:00:09+00:00", 9), ({}, None, None), ({}, "soon", None), ({}, -5, None),
        ({}, True, None), ({}, [3], None), ({}, 10**12, None), ({}, 0, None), ({}, 10**400, None),
    ],
)  # fmt: skip
def test_the_time_of_the_next_try_is_read_where_the_definition_says(service, words, value, delay):
    connector = service({**RETRY, "retry_after": "parameters.retry_after", **words})
    error = fail_raw(connector, world({"code": 20, "parameters": {"retry_after": value}}, 429), max_retries=0)
    assert isinstance(error, errors.RateLimited)
    assert (error.retry_at.timestamp() - NOW if error.retry_at else None) == (pytest.approx(delay) if delay else None)


def test_the_declared_time_goes_before_a_header_and_is_waited_for(service):
    connector = service({**RETRY, "retry_after": "wait"})
    refused = ok({"code": 20, "wait": 3}, 200, retry_after="50")
    assert (
        fail_raw(service({**RETRY, "failed": {"code": [20]}}), World(refused), max_retries=0).retry_at.timestamp()
        == NOW + 50
    )
    connector = service({**RETRY, "retry_after": "wait", "failed": {"code": [20]}})
    played = World(refused, ok({"id": 1}))
    assert run_raw(connector, played).data == {"id": 1}
    assert 3 <= played.waits[0].min_delay < 4
    down = service({"retry_after": "wait"})
    assert fail_raw(down, world({"wait": 3}, 503), max_retries=0).outcome == "rejected", "it says when to come back"


CATEGORIES = {  # category -> error class, whether a write is sent again, retryable
    "conflict": (errors.Rejected, False, False), "invalid": (errors.Rejected, False, False), "unavailable": (errors.ServiceDown, True, True),
    "rate_limit": (errors.RateLimited, True, True), "concurrency": (errors.RateLimited, True, True), "daily_quota": (errors.RateLimited, False, True),
    "not_found": (errors.NotFound, False, False), "token_rejected": (errors.SignInError, False, False), "scope": (errors.SignInError, False, False),
}  # fmt: skip


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("status", [200, 400, 422, 409])
def test_a_category_says_who_acts_and_whether_a_write_is_sent_again(service, category, status):
    kind, is_repeated, retryable = CATEGORIES[category]
    connector = service({"code": "code", "success_codes": [0], "rules": [{"category": category, "code": "X"}]})
    played = world({"code": "X"}, status)
    error = fail_raw(connector, played)
    assert (type(error), error.outcome, error.retryable) == (kind, "rejected", retryable)
    assert len(played.sends) == (3 if is_repeated else 1)
    assert error.hint


def test_unavailable_with_a_status_of_500_leaves_a_write_open(service):
    connector = service({"code": "code", "rules": [{"category": "unavailable", "code": "X"}]})
    played = world({"code": "X"}, 503)
    error = fail_raw(connector, played)
    assert (type(error), error.outcome, error.retryable, len(played.sends)) == (
        errors.ServiceDown,
        "uncertain",
        False,
        1,
    )
    assert fail_raw(connector, world({"code": "X"}, 503, retry_after="1"), max_retries=0).outcome == "rejected"

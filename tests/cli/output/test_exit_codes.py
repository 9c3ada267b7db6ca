"""Exit codes tell who has to act; each occurs at least once in a real process."""

from __future__ import annotations

import pytest
from support import servers

from connector import errors
from connector.cli.output import exit_codes

TOKEN = {"ZOOM_ACCESS_TOKEN": "token-1"}
CREATE = ("run", "createMeeting", "--user-id", "me", "--topic", "x")
READ = ("run", "getUser", "--user-id", "me")


def test_0_is_done(cli, server):
    assert cli(*READ, "--base-url", server.url, env=TOKEN).code == 0


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (servers.reply(404, {"code": 1001, "message": "User does not exist."}), "code 1001: User does not exist."),
        (servers.reply(400, {"code": 300, "message": "Validation Failed."}), "Validation Failed."),
        (servers.reply(403, {"code": 200, "message": "No permission."}), "No permission."),
        (servers.html(), "text/html"),
    ],
)
def test_1_is_the_service_said_no(here, server, behaviour, said):
    done = here(*READ, "--base-url", server.always(behaviour).url, **TOKEN)
    assert done.code == 1
    assert said in done.err
    assert done.data["error"]["outcome"] == "rejected"


def test_1_is_nobody_there(cli):
    done = cli(*READ, "--base-url", f"http://127.0.0.1:{servers.free_port()}", "--timeout", "5s", env=TOKEN)
    assert done.code == 1
    assert "refused" in done.err
    assert done.data["error"]["outcome"] == "not_sent"


def test_1_is_paging_that_failed_and_what_was_read_is_told(here, server):
    server.always(servers.reply(200, {"users": [{"id": 1}], "next_page_token": "again"}))
    done = here("run", "listUsers", "--base-url", server.url, **TOKEN)
    assert done.code == 1
    assert done.data["error"]["type"] == "PageError"
    assert [one["id"] for one in done.data["result"]["data"]["users"]] == [1, 1]
    assert done.data["result"]["complete"] is False


def test_1_is_a_record_that_cannot_be_kept_and_nothing_is_sent(here, server):
    done = here(*CREATE, "--har", "nowhere/x.har", "--base-url", server.url, **TOKEN)
    assert done.code == 1
    assert "mkdir -p nowhere" in done.err
    assert server.count == 0


def test_2_is_wrong_input_and_nothing_is_sent(cli, server):
    assert cli("run", "getUser", "--base-url", server.url, env=TOKEN).code == 2
    assert server.count == 0


def test_2_is_told_before_a_missing_sign_in(here):
    done = here("run", "getUser", "-i", "userIdd=me")
    assert done.code == 2
    assert "did you mean userId?" in done.err


def test_3_is_a_missing_connection_and_names_what_to_set(cli):
    done = cli(*READ)
    assert done.code == 3
    assert "ZOOM_ACCESS_TOKEN" in done.err


@pytest.mark.parametrize(
    "behaviour",
    [
        servers.reply(401, {"code": 124, "message": "Invalid access token."}),
        servers.reply(400, {"code": 4711, "message": "Invalid access token, does not contain scopes:[user:read]."}),
    ],
)
def test_3_is_a_token_that_the_service_does_not_take(here, server, behaviour):
    done = here(*READ, "--base-url", server.always(behaviour).url, **TOKEN)
    assert done.code == 3
    assert "connect again" in done.err
    assert server.count == 1


def test_4_is_too_many_calls_and_says_when(cli, server):
    server.always(servers.reply(429, {"message": "slow down"}, headers=[("Retry-After", "7200")]))
    done = cli(*READ, "--base-url", server.url, env=TOKEN)
    assert done.code == 4
    assert "retry at: 20" in done.err
    assert server.count == 1


def test_4_is_the_deadline(here, server):
    done = here(*READ, "--timeout", "300ms", "--base-url", server.always(servers.silence()).url, **TOKEN)
    assert done.code == 4
    assert "0.3 s" in done.err


@pytest.mark.parametrize("behaviour", [servers.hang_up(), servers.reset(), servers.reply(500, {"message": "oops"})])
def test_5_is_a_write_that_may_have_happened_and_is_not_repeated(here, server, behaviour):
    done = here(*CREATE, "--base-url", server.always(behaviour).url, **TOKEN)
    assert done.code == 5
    assert "check before retrying" in done.err
    assert done.data["error"]["outcome"] == "uncertain"
    assert server.count == 1


def test_5_wins_over_the_deadline(cli, server):
    done = cli(*CREATE, "--timeout", "300ms", "--base-url", server.always(servers.silence()).url, env=TOKEN)
    assert done.code == 5


def test_an_error_tells_outcome_attempts_and_request_id(here, server):
    refused = servers.reply(404, {"code": 1001, "message": "No."}, headers=[("x-zm-trackingid", "WEB-7")])
    done = here(*READ, "--base-url", server.always(refused).url, **TOKEN)
    assert "outcome: rejected · attempts: 1 · request id: WEB-7" in done.err
    assert done.data["error"]["request_id"] == "WEB-7"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.DefinitionError("x"), 2), (errors.InputError("x"), 2), (errors.UsageError("x"), 2),
        (errors.SignInError("x"), 3), (errors.TransportError("x"), 1), (errors.DeadlineError("x"), 4),
        (errors.NotFound("x"), 1), (errors.Denied("x"), 1), (errors.Rejected("x"), 1), (errors.RateLimited("x"), 4),
        (errors.ServiceDown("x"), 1), (errors.PageError("x"), 1), (errors.StoreError("x"), 1),
        (errors.WebhookError("x"), 1), (errors.DeadlineError("x", outcome="uncertain"), 5),
        (errors.ServiceDown("x", outcome="uncertain"), 5),
    ],
)  # fmt: skip
def test_every_error_has_its_code(error, code):
    assert exit_codes.exit_code(error) == code


@pytest.mark.parametrize(("codes", "code"), [([], 0), ([0, 0], 0), ([0, 1, 4], 1), ([3, 0], 3), ([1, 5, 2], 5)])
def test_several_calls_end_with_the_first_failure_unless_one_is_uncertain(codes, code):
    assert exit_codes.combine_exit_codes(codes) == code

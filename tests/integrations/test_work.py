"""What an error means for an engine, and the clients that workers share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from support.servers import TOKEN

from connector import Client, Connection, Connector, errors
from connector.integrations import work

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (errors.RateLimited("x", retry_at=NOW + timedelta(seconds=90)), 90.0),
        (errors.RateLimited("x", retry_at=NOW - timedelta(seconds=90)), 0.0),
        (errors.ServiceDown("x"), 1.0),
        (errors.TransportError("x", retryable=True), 1.0),
        (errors.StoreError("x", retryable=True), 1.0),
        (errors.TransportError("x", retryable=True, outcome="uncertain"), None),
        (errors.ServiceDown("x", outcome="uncertain", retry_at=NOW), None),
        (errors.InputError("x"), None),
        (errors.SignInError("x"), None),
        (errors.NotFound("x"), None),
        (errors.UsageError("x"), None),
        (errors.DefinitionError("x"), None),
    ],
    ids=repr,
)
def test_an_error_says_when_another_attempt_is_worth_it(error, seconds):
    assert work.seconds_until_retry(error, NOW) == seconds


def test_an_attempt_gives_a_result_without_headers_as_json(service):
    service()
    answer = work.attempt_call("getUser", {"userId": "me"}, connection="acme")
    assert json.loads(json.dumps(answer)) == answer
    assert answer["result"]["data"]["email"] == "ada@example.com"
    assert set(answer["result"]) == {
        "data", "status", "request_id", "attempts", "outcome", "complete", "pages", "warnings",
    }  # fmt: skip


def test_a_listing_is_the_list_of_its_items(service):
    served = service()
    for number in range(3):
        work.run_once("createMeeting", {"userId": "me", "topic": f"Meeting {number}"})
    whole = work.list_once("listMeetings", {"userId": "me"}, connection="acme", page_size=2)
    assert [meeting["topic"] for meeting in whole.data] == served.list_topics()
    assert (whole.complete, whole.pages) == (True, 2)
    assert not work.list_once("listMeetings", {"userId": "me"}, limit=2).complete


def test_a_page_of_a_listing_is_read_in_one_attempt(service):
    refusing = service("429:1")
    with pytest.raises(errors.RateLimited):
        work.list_once("listMeetings", {"userId": "me"})
    assert len(refusing.asked) == 1


def test_the_problems_of_a_call_and_its_options_are_found_together_and_without_a_connection(monkeypatch):
    monkeypatch.delenv("ZOOM_ACCESS_TOKEN", raising=False)
    assert work.find_problems("listUsers", {"status": "active"}, limit=3, timeout=None) == []
    found = work.find_problems("createMeeting", {"topik": "x"}, limit=3, timeout="soon")
    assert {problem.field for problem in found} == {"topik", "userId", "limit", "timeout"}
    assert [problem.field for problem in work.find_problems("makeCoffee")] == ["action"]
    assert (work.is_listing("listUsers"), work.is_listing("createMeeting")) == (True, False)


def test_an_attempt_never_waits_and_tells_when_the_next_may_be_made(service):
    refusing = service("429:1")
    answer = work.attempt_call("getUser", {"userId": "me"})
    assert len(refusing.asked) == 1
    assert 0 < answer["again"] <= 1
    error = errors.from_dict(json.loads(json.dumps(answer["error"])))
    assert isinstance(error, errors.RateLimited)
    assert TOKEN not in repr(answer)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_the_clients_of_a_folder_are_one_for_each_process(service):
    served = service()
    for _ in range(3):
        work.run_once("getUser", {"userId": "me"})
    own = work._CLIENTS.get(None, has_named_connection=False)
    assert work._CLIENTS.get(None, has_named_connection=False) is own
    child = os.fork()
    if child == 0:  # a worker that forks, as those of Celery do
        try:
            is_other = work._CLIENTS.get(None, has_named_connection=False) is not own
            work.run_once("getUser", {"userId": "me"})
            work.close_clients()
            os._exit(0 if is_other else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    work.run_once("getUser", {"userId": "me"})
    assert len(served.asked) == 5


def test_closed_clients_are_made_again_when_they_are_needed(service):
    service()
    client = work._CLIENTS.get(None, has_named_connection=False)
    work.close_clients()
    with pytest.raises(errors.UsageError, match="closed"):
        client.run("getUser", {"userId": "me"})
    assert work.run_once("getUser", {"userId": "me"}).status == 200


def test_the_clients_are_closed_when_the_process_ends(service):
    service()
    script = """
import atexit
from connector import errors
clients = []
def call_again():  # what is registered first runs last
    try:
        clients[0].run("getUser", {"userId": "me"})
    except errors.UsageError as error:
        print(error)
atexit.register(call_again)
from connector.integrations import work
work.run_once("getUser", {"userId": "me"})
clients += work._CLIENTS.by_key.values()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("The client is closed.")


def test_a_program_can_say_how_each_process_makes_its_client(service, zoom, monkeypatch):
    served = service()
    monkeypatch.setattr(work._CLIENTS, "factories", {})
    monkeypatch.delenv("ZOOM_ACCESS_TOKEN")
    with pytest.raises(errors.SignInError):
        work.run_once("getUser", {"userId": "me"})
    work.set_client_factory(lambda: Client(zoom, Connection(zoom, "accessToken", accessToken=TOKEN)))
    assert work.run_once("getUser", {"userId": "me"}).status == 200
    assert len(served.asked) == 1


KEYED = """\
idempotency: {to: header.Idempotency-Key}
"""
SWITCH = """\
action: switch
label: Switch
summary: Switch a lamp.
request: POST /switch
"""


@pytest.mark.parametrize("key", ["order-17", "Größe", "a\nb", "x" * 300, "", " ", "if-known:1", "\ud800"], ids=repr)
def test_a_key_goes_out_where_the_service_takes_one_in_a_form_that_fits_a_header(folder, server, monkeypatch, key):
    connector = folder(KEYED, {"switch": SWITCH})
    monkeypatch.setenv("LAMP_BASE_URL", server.url)
    monkeypatch.setenv("LAMP_API_KEY", "k")
    for _ in range(2):
        work.run_once("switch", key=key, folder=connector.folder)
    first, second = (request.header("Idempotency-Key") for request in server.requests)
    assert first == second
    assert 0 < len(first) <= 200
    assert first.isprintable()
    assert first.isascii()
    assert key not in ("order-17", "if-known:1") or first == key


def test_a_key_is_ignored_where_the_service_takes_none(service):
    service()
    assert work.run_once("createMeeting", {"userId": "me"}, key="order-17").outcome == "done"


@pytest.mark.parametrize(
    ("action", "given", "may_repeat"),
    [
        ("getUser", {"userId": "me"}, True),
        ("createMeeting", {"userId": "me"}, False),
        ("rawRequest", {"method": "GET", "url": "/users/me"}, True),
        ("rawRequest", {"method": "DELETE", "url": "/meetings/1"}, False),
        ("rawRequest", {"method": "POST", "url": "/users/me/meetings"}, False),
    ],
)
def test_only_a_read_may_be_repeated_blindly(service, action, given, may_repeat):
    served = service()
    assert work.may_repeat_blindly(action, given) is may_repeat
    assert served.asked == []


def test_a_write_with_a_key_may_be_repeated_blindly(folder, monkeypatch):
    connector = folder(KEYED, {"switch": SWITCH})
    monkeypatch.setenv("LAMP_API_KEY", "k")
    assert work.may_repeat_blindly("switch", folder=connector.folder) is True
    hour = 3600.0  # a service that says nothing else remembers a key for a day
    assert work.may_repeat_blindly("switch", folder=connector.folder, since=time.time() - 23 * hour) is True
    assert work.may_repeat_blindly("switch", folder=connector.folder, since=time.time() - 25 * hour) is False


def test_an_upload_may_not_be_repeated_blindly_as_its_bytes_carry_no_key(folder, monkeypatch):
    keep = SWITCH.partition("request:")[0].replace("switch", "keep")
    keep += "request: POST /files\ninputs: {file: {label: F, help: F., type: file, required: true, to: upload}}\n"
    keep += "upload: {url: url, returns: {example: {id: 1}}}\nreturns: {example: {url: /bytes}}\n"
    connector = folder(KEYED, {"keep": keep})
    monkeypatch.setenv("LAMP_API_KEY", "k")
    assert work.may_repeat_blindly("keep", {"file": b"a"}, folder=connector.folder) is False


def test_importing_the_package_and_its_shared_part_loads_no_engine():
    script = (
        "import sys, connector, connector.integrations.work; print({'dbos', 'celery', 'temporalio'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
    assert Connector.open() is not None

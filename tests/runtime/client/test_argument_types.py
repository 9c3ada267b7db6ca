"""An argument of the wrong type is told in a sentence, before anything else fails because of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector import AsyncClient, Client, Connection, Connector, errors
from connector.runtime.calls.observer import Observer
from connector.runtime.storage.open import open_store
from connector.runtime.webhooks.receiver import Receiver
from connector.runtime.webhooks.verify import verify_webhook

SECRET = "a-secret-of-the-service"


@pytest.fixture(params=[Client, AsyncClient])
def client_class(request):
    return request.param


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"observe": print}, "observe is a builtin_function_or_method"),
        ({"observe": [print]}, "observe is a builtin_function_or_method"),
        ({"observe": Observer}, "observe is the class Observer"),
        ({"observe": "log"}, "observe is a str"),
        ({"store": "memory:"}, "store is a str"),
        ({"resolve_connection": "work"}, "resolve_connection is a str"),
    ],
)
def test_a_client_tells_what_it_was_given(zoom, client_class, arguments, told):
    with pytest.raises(errors.UsageError, match=told) as caught:
        client_class(zoom, **arguments)
    assert caught.value.hint


def test_observers_may_come_in_a_list(zoom, client_class):
    client_class(zoom, observe=[Observer(), Observer()])
    client_class(zoom, observe=())


@pytest.mark.parametrize("url", [5, Path("/api")])
def test_a_base_url_that_is_no_text_is_told(zoom, client_class, url):
    with pytest.raises(errors.InputError, match="base_url: got"):
        client_class(zoom, base_url=url)


@pytest.mark.parametrize("connector", [None, "zoom"])
def test_the_name_of_a_connector_is_none(client_class, connector):
    for make in (client_class, lambda given: Connection(given, "accessToken"), verify):
        with pytest.raises(errors.UsageError, match=r"connector is (None|a str)"):
            make(connector)


@pytest.mark.parametrize("action", [5, {"action": "getUser"}])
def test_an_action_is_named_by_a_text(zoom, action):
    with Client(zoom) as client, pytest.raises(errors.UsageError, match=r"The action is of type (int|dict)"):
        client.run(action)


@pytest.mark.parametrize("call", [None, 5, {1}])
def test_a_call_file_is_a_path_or_a_mapping_or_a_list_of_them(zoom, call):
    with Client(zoom) as client, pytest.raises(errors.UsageError, match=r"call is (None|an int|a set)"):
        client.run_file(call)


@pytest.mark.parametrize("url", [5, Path("store")])
def test_the_place_of_a_store_is_a_url(url):
    with pytest.raises(errors.UsageError, match="The URL of a store is a"):
        open_store(url)


def test_keys_of_a_store_are_a_keyring():
    with pytest.raises(errors.UsageError, match="keys is a str; expected a Keyring"):
        open_store("memory:", keys="a key")


def test_a_connection_has_a_store_and_a_kind_by_name(zoom):
    with pytest.raises(errors.UsageError, match="store is a str"):
        Connection(zoom, "accessToken", accessToken="t", name="work", store="memory:")
    with pytest.raises(errors.UsageError, match="store is a str"):
        Connection.load(zoom, "work", store="memory:")
    with pytest.raises(errors.UsageError, match="no connection"):
        Connection(zoom, ["accessToken"])


def test_a_folder_of_a_connector_is_a_path():
    with pytest.raises(errors.UsageError, match="The folder is of type int"):
        Connector.open(5)


def verify(connector, secret=SECRET, body=b"{}", **options):
    return verify_webhook(connector, secret, {}, body, **options)


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        (None, "No secret is given.*is not set gives None"),
        ({"webhookSecretToken": None}, "No secret is given"),
        (b"bytes", "is a bytes; expected a text"),
        (5, "is an int; expected a text"),
        ([SECRET, None], "is None; expected a text in each place.*is not set gives None"),
    ],
)
def test_a_secret_that_is_no_text_is_told_and_not_shown(zoom, secret, told):
    with pytest.raises(errors.UsageError, match=told) as caught:
        verify(zoom, secret)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"now": datetime.now(UTC)}, r"now is a datetime; expected seconds since 1970.*timestamp\(\)"),
        ({"max_age": "5m"}, "max_age is a str; expected a number of seconds"),
        ({"trigger": ["webhookReceiver"]}, "trigger is a list"),
        ({"url": 5}, "The URL is an int"),
        ({"body": "{}"}, "The body is a str; expected bytes"),
    ],
)
def test_a_delivery_is_verified_with_arguments_of_their_types(zoom, options, told):
    with pytest.raises(errors.UsageError, match=told):
        verify(zoom, **options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"secret": 5}, "is an int; expected a text"),
        ({"inbox": None}, "inbox is None"),
        ({"inbox": Path("inbox")}, "inbox is a"),
        ({"max_age": "5m"}, "max_age is a str"),
        ({"timeout": "5m"}, "timeout is '5m'; expected a number above 0"),
        ({"public_url": 5}, "The URL is an int"),
    ],
)
def test_a_receiver_tells_what_it_was_given(zoom, tmp_path, options, told):
    known = {"secret": SECRET, "inbox": f"sqlite:///{tmp_path / 'inbox.sqlite'}"}
    with pytest.raises(errors.UsageError, match=told):
        Receiver(zoom, **{**known, **options})

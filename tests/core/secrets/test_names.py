"""What stands beside a name that says it is secret is found in any text."""

from __future__ import annotations

import pytest

from connector.core.redaction import Redactor
from connector.core.secrets.names import is_secret_member, is_secret_name, last_name

SECRET_NAMES = [
    "token", "accessToken", "access_token", "refreshToken", "refresh-token", "idToken", "clientSecret",
    "client_secret", "api_key", "apiKey", "apikey", "API_KEY", "x-api-key", "secret", "jwt", "private_key",
    "privateKey", "zak", "user_zak", "password", "userPassword", "passcode", "X-Auth-Token", "secretAccessKey",
    "signing_key", "csrfToken", "download_access_token", "Authorization", "passphrase",
    "Ocp-Apim-Subscription-Key", "token_value", "client_secret_value", "connectionString", "SAMLResponse", "device_code",
    "recovery_code", "backupCode", "verification_code", "bearer",
]  # fmt: skip
OTHER_NAMES = [
    "next_page_token", "nextPageToken", "pageToken", "next_token", "syncToken", "nextSyncToken", "continuation_token",
    "cursor_token", "token_type", "tokenExpiresIn", "password_policy", "secretary", "key", "keys", "tokenizer",
    "kazak", "id", "topic", "public_key", "secret_name", "",
]  # fmt: skip


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_names_of_secrets_are_known_in_any_case(name):
    redactor = Redactor()
    assert redactor.redact_data({name: "canary", "b": {name: 12345}}) == {name: "***", "b": {name: "***"}}
    assert redactor.redact_text(f'{{"{name}": "canary", "b": 1}}') == f'{{"{name}": "***", "b": 1}}'
    assert redactor.redact_url(f"https://h/?a=1&{name}=canary&b=1") == f"https://h/?a=1&{name}=***&b=1"
    assert redactor.redact_headers([(name, "canary")]) == [(name, "***")]
    assert list(redactor.find_secrets({name: "canary"})) == ["canary"]


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_other_names_and_the_cursors_of_listings_stay_readable(name):
    redactor = Redactor()
    assert redactor.redact_data({name: "shown"}) == {name: "shown"}
    assert redactor.redact_text(f'{{"{name}": "shown"}}') == f'{{"{name}": "shown"}}'
    assert redactor.redact_headers([(name or "x", "shown")]) == [(name or "x", "shown")]


def test_a_cursor_is_hidden_where_the_manifest_lists_it():
    assert Redactor(["next_page_token"]).redact_data({"next_page_token": "abc"}) == {"next_page_token": "***"}


def test_a_yes_or_no_is_no_secret_nor_is_a_count_of_them():
    data = {"password": True, "token": None, "secret": "", "tokens": 5, "max_tokens": 4096}
    assert Redactor().redact_data(data) == data
    assert Redactor().redact_data({"tokens": ["a"], "passwords": "b"}) == {"tokens": "***", "passwords": "***"}
    assert is_secret_member("token", 5)
    assert not is_secret_member("a" * 65 + "token", "x")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("&quot;token&quot;:&quot;canary&quot;,&quot;b&quot;:1", "&quot;token&quot;:&quot;***&quot;,&quot;b&quot;:1"),
        ("&#34;token&#34;: &#34;canary&#34;!", "&#34;token&#34;: &#34;***&#34;!"),
        ("&#x22;token&#x22;:&#x22;canary&#x22;", "&#x22;token&#x22;:&#x22;***&#x22;"),
        ("%22token%22%3A%22canary%22%7D", "%22token%22%3A%22***%22%7D"),
        (r"{\\\"token\\\":\\\"canary\\\"}", r"{\\\"token\\\":\\\"***\\\"}"),
        ("{'token': \"canary\"}", "{'token': \"***\"}"),
        ('{"token" : [ "canary", "canary" ] }', '{"token" : "***" }'),
        ('{"token": {"value": "canary"}, "b": 1}', '{"token": "***", "b": 1}'),
        ('{"token": ["canary', '{"token": "***"'),
        ('{"token": -5.5e3, "b": 1}', '{"token": "***", "b": 1}'),
        ('{"token": null, "secret": true}', '{"token": null, "secret": true}'),
        (r'{"token": "can\"ary", "b": 1}', '{"token": "***", "b": 1}'),
        ('{"token": "canary', '{"token": "***"'),
        ("'token'=>'canary'", "'token'=>'***'"),
        ("?token%3Dcanary", "?token%3D***"),
        ("a%2526token%253Dcanary", "a%2526token%253D***"),
        ("?a=1&amp;token&#61;canary&amp;b=1", "?a=1&amp;token&#61;***&amp;b=1"),
        ("x[token]=canary&b=1", "x[token]=***&b=1"),
        ("https://user:can@ary@h/x", "https://***@h/x"),
        (r"https:\/\/user:canary@h\/x", r"https:\/\/***@h\/x"),
        ("https://h/?x=1 and a@b", "https://h/?x=1 and a@b"),
        ("https://" + "u:canary" * 100, "https://***"),
        (
            "<x:access_token type='a'>canary</x:access_token><b>1</b>",
            "<x:access_token type='a'>***</x:access_token><b>1</b>",
        ),
        ("<token>\n</token><token/><token>canary", "<token>\\n</token><token/><token>***"),
        ('<input name="a" token="canary">', '<input name="a" token="***">'),
        ("no login(token='canary', code=300)", "no login(token='***', code=300)"),
        ("said: client_secret=canary, or so", "said: client_secret=*** or so"),
        ("token == 5 and next_page_token=abc and token=", "token == 5 and next_page_token=abc and token="),
        ("Bearer canary is prose", "Bearer canary is prose"),
        ("bearer\tcanary7", "bearer ***"),
    ],
)
def test_a_secret_is_known_by_its_name_in_text_that_is_escaped_or_broken(text, shown):
    assert Redactor().redact_text(text) == shown


def test_a_text_body_is_searched_for_its_secrets():
    redactor = Redactor(["lamp"])
    assert list(redactor.find_secrets_in_text('{"lamp": "one", "a": {"password": "two"}}')) == ["one", "two"]
    assert list(redactor.find_secrets_in_text(b"a=1&password=th%20ree&code=four")) == ["th ree", "four"]
    assert list(redactor.find_secrets_in_text("nothing=1")) == []


@pytest.mark.parametrize(
    ("name", "last"), [("a", "a"), ("a[b]", "b"), ("a.b.c", "c"), ("a[b][c]", "c"), ("x" * 999 + ".b", "b"), ("", "")]
)
def test_a_nested_name_is_known_by_its_last_part(name, last):
    assert last_name(name) == last
    assert not is_secret_name(last)

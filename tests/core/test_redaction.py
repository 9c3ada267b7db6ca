"""Secrets appear in no text that a person or a log may see, in any encoding."""

from __future__ import annotations

import base64
import json
import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange_world import NOW, World, bad, ready

from connector import errors
from connector.core import redaction
from connector.core.exchange import asks, exchange, tracing
from connector.core.redaction import Redactor, preview
from connector.core.response.error_details import parse_error_details
from connector.core.response.trace import Trace

SECRET = st.text(
    string.ascii_letters + string.digits + "-._~+/=!$&'()*,;:@ \"\\<>#%[]{}|^`?é😀\n\t", min_size=6, max_size=40
)
AROUND = st.text(max_size=12)


def spellings(secret):
    """The encodings in which a secret may be echoed."""
    yield from (
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        quote(quote(secret, safe=""), safe=""),
    )
    yield quote(secret, safe="").replace("%2F", "%2f").replace("%3D", "%3d")
    yield from (
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(secret))[1:-1],
    )
    yield json.dumps(secret)[1:-1].replace("/", "\\/")
    yield "".join(char if char.isalnum() and char.isascii() else _escape_char(char) for char in secret)


def _escape_char(char):
    raw = char.encode("utf-16-be")
    return "".join(f"\\u{raw[place : place + 2].hex()}" for place in range(0, len(raw), 2))


@given(SECRET, AROUND, AROUND)
def test_a_known_secret_is_hidden_in_every_spelling(secret, before, after):
    safe = Redactor().with_secrets([secret])
    hidden = safe.redact_text(secret)
    assert secret not in hidden
    for spelled in spellings(secret):
        for text in (f"{before}{spelled}{after}", f"Invalid token {spelled}!", f'{{"a": "{spelled}"}}'):
            for out in (safe.redact_text(text), safe.redact_url(text), repr(safe.redact_data({"a": [text], text: 1}))):
                assert spelled not in out


@given(st.binary(max_size=7), SECRET, st.binary(max_size=7))
def test_a_known_secret_is_hidden_in_base64_wherever_it_begins(before, secret, after):
    """The characters that depend on the secret alone are masked; bits shared with neighbours may stay."""
    safe = Redactor().with_secrets([secret])
    raw = secret.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        coded = encode(before + raw + after).decode()
        out = safe.redact_text(f"-: {coded}")  # no name before it that would mask it
        assert coded not in out
        decoded = b"".join(_decode_part(part) for part in out.removeprefix("-: ").split("***"))
        assert raw not in decoded
        assert len(decoded) <= len(before) + len(after) + 4


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("secret", ["abc4", "abcd5", "abcde6", "abcdef7", "\u00fb\u00fe>?~?>", "?>~\u00ff?>?\u00fe"])
def test_every_character_of_base64_that_is_the_secrets_own_is_hidden_and_no_other(encode, secret):
    raw = secret.encode()
    for offset in range(3):
        for after in range(3):
            coded = encode(b"-" * offset + raw + b"-" * after).decode()
            first, last = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6  # six bits per character
            assert Redactor().with_secrets([secret]).redact_text(coded) == f"{coded[:first]}***{coded[last:]}"


def test_of_forms_in_base64_that_begin_alike_the_longest_is_hidden():
    safe = Redactor().with_secrets(["UUUU"])  # VVVVV where it begins a text of base64, VVVV one byte later
    assert safe.redact_text(base64.b64encode(b"UUUU").decode()) == "***Q=="


def _decode_part(part):
    part = part.rstrip("=").replace("-", "+").replace("_", "/")
    part = part[: len(part) - (len(part) % 4 == 1)]
    return base64.b64decode(part + "=" * (-len(part) % 4))


@given(
    st.dictionaries(
        st.text(max_size=5), st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False), max_size=4
    )
)
def test_data_without_secrets_is_left_as_it_is(data):
    plain = {key: value for key, value in data.items() if key.isprintable() and key not in Redactor().secret_fields}
    assert Redactor().with_secrets(["a-long-secret"]).redact_data(plain) == plain


FIELDS = [
    "password",
    "start_url",
    "zak",
    "host_key",
    "h323_password",
    "download_token",
    "access_token",
    "refresh_token",
    "client_secret",
]


@given(
    st.sampled_from(FIELDS),
    st.text(string.printable, min_size=1, max_size=20).map(lambda text: "canary" + text + "canary"),
)
def test_a_secret_field_is_hidden_in_data_and_in_text_that_is_no_longer_json(zoom, field, value):
    safe = redaction.redactor_for(zoom)
    assert safe.redact_data({"a": [{field: value, field.upper(): value}]}) == {
        "a": [{field: "***", field.upper(): "***"}]
    }
    for text in (
        json.dumps({field: value, "b": 1}),
        json.dumps({"b": 1, field: value}),
        json.dumps(json.dumps({field: value})),
    ):
        assert "canary" not in safe.redact_text(text)
        assert "canary" not in safe.redact_text("HTTP 500 " + text)
        for length in range(len(text)):
            assert "canary" not in safe.redact_text(text[:length])
    assert '"b": 1' in safe.redact_text(json.dumps({field: value, "b": 1}))


def test_a_number_in_a_secret_field_is_hidden_too(zoom):
    safe = redaction.redactor_for(zoom)
    assert "4692486817" not in safe.redact_text('{"host_key": 4692486817, "b": "c')
    assert safe.redact_data({"host_key": 469248, "pstn_password": None, "password": ""}) == {
        "host_key": "***",
        "pstn_password": None,
        "password": "",
    }
    assert safe.with_secrets(["469248"]).redact_data({"other": 469248}) == {"other": "***"}


PARAMETERS = ["pwd", "zak", "jwt", "tk", "access_token", "refresh_token", "code", "client_secret"]


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize(
    "text",
    [
        "https://zoom.us/j/1?{name}=canary&x=1",
        "https://zoom.us/j/1?x=1&{name}=canary",
        "https://zoom.us/j/1?x=1&amp;{name}=canary#top",
        "see https://zoom.us/j/1?{name}=canary for it",
        '{{"url": "https://zoom.us/j/1?x=1\\u0026{name}=canary"}}',
        '{{"url": "https:\\/\\/zoom.us\\/j\\/1?{name}=canary"}}',
        "https://a.example/?next=https%3A%2F%2Fzoom.us%2Fj%2F1%3Fx%3D1%26{name}%3Dcanary",
        "https://zoom.us/cb#{name}=canary",
        "{name}=canary&grant_type=x",
    ],
)
def test_a_secret_parameter_is_hidden_wherever_a_url_stands(zoom, name, text):
    safe = redaction.redactor_for(zoom)
    out = safe.redact_text(text.format(name=name))
    assert "canary" not in out
    assert name in out


@pytest.mark.parametrize(
    "text",
    [
        "https://user:canary@zoom.us/x",
        "http://canary@h/",
        "Authorization: Bearer canary123",
        "basic Y2FuYXJ5OmNhbmFyeQ==",
        "Bearer%20canary123",
    ],
)
def test_userinfo_and_authorization_are_hidden_in_text(text):
    out = Redactor().redact_text(text)
    assert "canary" not in out
    assert "Y2FuYXJ5" not in out


def test_what_is_no_secret_stays_readable(zoom):
    safe = redaction.redactor_for(zoom).with_secrets(["tok-123456"])
    for text in (
        "Basic authentication is not supported.", "The bearer of this notice", "topic: got 5; expected a text",
        "https://zoom.us/j/1?next_page_token=abc&page_size=30", '{"topic": "Standup", "password_policy": 1}',
    ):  # fmt: skip
        assert safe.redact_text(text) == text


def test_headers_are_hidden_by_name_the_connectors_own_too(zoom, folder):
    safe = redaction.redactor_for(zoom)
    secret = ["Authorization", "proxy-authorization", "Cookie", "SET-COOKIE", "x-zm-signature", "WWW-Authenticate"]
    assert dict(safe.redact_headers([(name, "canary") for name in secret])) == dict.fromkeys(secret, "***")
    assert safe.redact_headers([("X-Other", "fine"), ("Location", "https://h/?access_token=canary")]) == [
        ("X-Other", "fine"),
        ("Location", "https://h/?access_token=***"),
    ]
    whole = "connector: a\nlabel: A\nsummary: A.\nbase_url: https://a.example\nconnections:\n"
    whole += (
        "  k: {label: K, kind: api_key, to: header.X-Lamp-Key, inputs: {k: {label: K, help: K., type: password}}}\n"
    )
    assert redaction.redactor_for(folder(whole=whole)).redact_headers([("x-lamp-key", "canary")]) == [
        ("x-lamp-key", "***")
    ]


@given(st.text())
def test_a_text_for_a_log_is_one_printable_line(text):
    assert Redactor().redact_text(text).isprintable()
    assert preview(text).isprintable()
    assert len(preview(text)) <= 60


def test_a_value_in_a_problem_is_short_and_hides_what_is_secret(zoom):
    safe = redaction.redactor_for(zoom)
    assert preview("x" * 500) == '"' + "x" * 56 + "..."
    assert preview("x" * 58) == '"' + "x" * 58 + '"', "sixty characters with its quotes"
    assert preview("café") == '"café"'
    assert preview(b"abc") == "3 bytes"
    assert preview({1}) == "a set"
    assert preview("anything", is_secret=True) == "***"
    assert (
        preview({"password": "canary", "host_key": "known here alone"})
        == '{"password": "***", "host_key": "known here alone"}'
    )
    for value in (
        {"password": "canary"},
        '{"password": "canary',
        "https://zoom.us/j/1?pwd=canary",
        [{"start_url": "canary"}],
    ):
        assert "canary" not in preview(value, redactor=safe)
        assert "canary" not in preview(str(value) + " " * 40, redactor=safe)


def test_a_secret_at_the_place_where_a_text_is_cut_is_hidden_before_the_cut(zoom):
    """A message is shortened after redaction, so that no part of a secret is left."""
    token = "tok-" + "canary" * 10
    for length in range(440, 510, 7):
        world = World(bad(400, 300, "x" * length + token), tokens=[token])
        plan, request, how = ready(zoom, "getUser", {"userId": "me"})
        with pytest.raises(errors.Rejected) as caught:
            world.drive(exchange.run_call(plan, request, how, NOW + 60, NOW))
        everything = str(caught.value) + caught.value.message + repr(caught.value.result.to_dict())
        assert "canary" not in everything


def test_the_records_of_a_run_hold_no_secret_and_nothing_longer_than_it_needs(zoom):
    _, request, _ = ready(zoom, "createMeeting", {"userId": "me", "password": "canary77", "topic": "the canary77 song"})
    records = Trace()
    world = World()
    ask = asks.SendRequest(request, world._answer(asks.GetToken(None, 0)), NOW)
    line = tracing.record(records, ask, NOW, NOW + 1, bad(400, 300, "no canary77 please, nor Bearer first"))
    assert "canary77" not in line + repr(records.to_list()) + json.dumps(records.har()) + records.curl()
    assert "\n" not in line
    assert "the *** song" in line
    huge = bad(500, 500, "y" * 65_500 + "canary77" * 50)
    assert "canary77" not in tracing.record(records, ask, NOW, NOW + 1, huge)
    assert len(records.entries[-1]["reply"]["body"]) <= 65_536
    assert tracing.record(records, asks.AcquireSlot(("x",), NOW), NOW, NOW, 0.0) is None
    assert "retry" in tracing.record(records, asks.Sleep(1.0, 2.0, "retry"), NOW, NOW, None)


def test_the_reprs_of_what_a_run_passes_around_hold_no_secret(zoom, token_connection):
    _, request, _ = ready(zoom, "createMeeting", {"userId": "me", "password": "canary77"})
    signed = token_connection.credential(None, 0.0)
    reply = bad(200, 1, "canary77")
    said = parse_error_details(zoom.manifest.errors, reply)
    for one in (
        request,
        request.body,
        signed,
        reply,
        said,
        asks.SendRequest(request, signed, NOW),
        token_connection,
    ):
        assert "canary" not in repr(one)
        assert "canary" not in str(one)
    assert signed.secret.count("canary") == 1


EVERYWHERE = {
    "fields": ("access_token", "refresh_token", "client_secret", "id_token", "code_verifier", "password", "passcode"),
    "query": (
        "access_token", "refresh_token", "id_token", "token", "client_secret", "code", "code_verifier", "api_key",
        "password", "passcode", "pwd",
    ),
    "headers": (
        "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "www-authenticate",
        "authentication-info",
    ),
}  # fmt: skip


@pytest.mark.parametrize("safe", [redaction.default_redactor(), Redactor(["Lamp_Key"], ["Lamp_Q"], ["X-Lamp"])])
def test_some_names_are_secret_whatever_a_connector_says(safe):
    for name in EVERYWHERE["fields"]:
        assert safe.redact_data({name: "canary", name.upper(): "canary"}) == {name: "***", name.upper(): "***"}
        assert safe.redact_text(f'{{"{name}": "canary", "b": 1}}') == f'{{"{name}": "***", "b": 1}}'
    for name in EVERYWHERE["query"]:
        assert safe.redact_url(f"https://h/?{name}=canary&b=1") == f"https://h/?{name}=***&b=1"
    for name in EVERYWHERE["headers"]:
        assert safe.redact_headers([(name, "canary"), (name.title(), "canary")]) == [
            (name, "***"),
            (name.title(), "***"),
        ]


def test_names_of_a_connector_are_known_in_any_case():
    safe = Redactor(["Lamp_Key"], ["Lamp_Q"], ["X-Lamp"])
    assert safe.redact_data({"lamp_key": "canary", "LAMP_KEY": "canary"}) == {"lamp_key": "***", "LAMP_KEY": "***"}
    assert safe.redact_url("?lamp_q=canary&LAMP_Q=canary") == "?lamp_q=***&LAMP_Q=***"
    assert safe.redact_headers([("x-lamp", "canary"), ("X-LAMP", "canary")]) == [("x-lamp", "***"), ("X-LAMP", "***")]
    assert Redactor().redact_data({"lamp_key": "shown"}) == {"lamp_key": "shown"}


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("see https://user:canary@h/x?a=1", "see https://***@h/x?a=1"),
        ("Authorization: Bearer canary123, then", "Authorization: Bearer ***, then"),
        ("Basic%20Y2FuYXJ5", "Basic ***"),
        ('{"password": "canary", "b": 1}', '{"password": "***", "b": 1}'),
        (r'"{\"password\": \"canary\", \"b\": 1}"', r'"{\"password\": \"***\", \"b\": 1}"'),
        ("{'password': -12345, 'b': 1}", "{'password': '***', 'b': 1}"),
        ('{"PASSWORD": "ca\nnary", "b": 1}', '{"PASSWORD": "***", "b": 1}'),
        ("?a=1&pwd=canary#x", "?a=1&pwd=***#x"),
        ("a\tb\x00\u2028c", r"a\tb\x00\u2028c"),
        ("known-1 and known%2D2", "*** and ***"),
    ],
)
def test_a_text_stays_as_it_is_around_what_is_hidden(text, out):
    assert Redactor().with_secrets(["known-1", "known-2"]).redact_text(text) == out


def test_a_value_of_four_characters_is_hidden_and_a_shorter_one_would_hide_too_much():
    safe = Redactor().with_secrets(["abc4", "abc"])
    assert safe.redact_text("abc4 abc") == "*** abc"
    assert safe.with_secrets(["abc4"]) is safe
    assert safe.with_secrets([]) is safe
    more = safe.with_secrets(["more"])
    assert (more.redact_text("abc4 more"), safe.redact_text("more")) == ("*** ***", "more")


@pytest.mark.parametrize(("char", "short"), [(" ", "+"), ("\n", r"\n"), ("\r", r"\r"), ("\t", r"\t")])
def test_white_space_in_a_secret_is_known_in_its_short_spellings(char, short):
    safe = Redactor().with_secrets([f"ab{char}cd"])
    for spelled in (char, short, short.replace("\\", "\\\\"), quote(char)):
        assert safe.redact_text(f"see ab{spelled}cd.") == "see ***."


def test_a_secret_of_odd_text_is_known_too():
    safe = Redactor().with_secrets(["ab\ud800cd"])
    assert safe.redact_text("see ab\ud800cd and ab\\ud800cd.") == "see *** and ***."


def test_of_secrets_that_begin_alike_the_longer_is_hidden_whole():
    assert Redactor().with_secrets(["secret", "secret-of-mine"]).redact_text("secret-of-mine secret") == "*** ***"


def test_what_is_a_sequence_is_looked_through_and_what_is_nothing_stays():
    safe = Redactor().with_secrets(["canary"])
    assert safe.redact_data(("a", ["canary"], {"b": ("canary",)})) == ["a", ["***"], {"b": ["***"]}]
    assert safe.redact_data([None, True, 1.5, {}]) == [None, True, 1.5, {}]
    assert safe.redact_data({"canary": {1: "canary"}}) == {"***": {"1": "***"}}


@pytest.mark.parametrize("name", ["password", "Password", "settings[password]", "a[b][PASSWORD]", "settings.password"])
def test_the_pairs_of_a_form_are_hidden_by_their_last_name(name):
    safe = Redactor()
    assert safe.redact_pairs([(name, "canary"), ("password[hint]", "shown")]) == [
        [name, "***"],
        ["password[hint]", "shown"],
    ]
    assert list(safe.find_secrets([(name, "canary"), ("password[hint]", "shown")])) == ["canary"]


def test_secrets_are_found_in_data_and_in_pairs_at_any_depth():
    safe = Redactor(["lamp_key"], ["lamp_q"])
    data = {"a": [{"Lamp_Key": "one", "b": "no", "c": {"password": "two"}}], "lamp_q": "three", "d": ("no", "yes")}
    assert list(safe.find_secrets(data)) == ["one", "two", "three"]
    assert list(safe.find_secrets([("lamp_q", "one"), ("x", [("password", "two")]), ["password", "no"]])) == [
        "one",
        "two",
    ]
    assert list(safe.find_secrets({"password": 12345, "lamp_key": None, "lamp_q": {"lamp_q": "four"}})) == ["four"]
    assert list(safe.find_secrets({"x": (("password", "one"), [("password", "two")])})) == ["one", "two"]
    for nothing in ("password", None, 5, (), [1], [("password", "a", "b")], {5: "x"}):
        assert list(safe.find_secrets(nothing)) == []


def test_a_connectors_redactor_is_made_once_of_all_that_its_manifest_says(zoom, folder):
    assert redaction.redactor_for(zoom) is redaction.redactor_for(zoom)
    kinds = """\
    a: {label: K, kind: api_key, to: header.X.Lamp, inputs: {k: {label: K, help: K., type: password}}}
    b: {label: K, kind: api_key, to: query.Lamp.Key, inputs: {k: {label: K, help: K., type: password}}}
"""
    whole = f"connector: a\nlabel: A\nsummary: A.\nbase_url: https://a.example\nconnections:\n{kinds}"
    whole += "redact: {fields: [lamp_field], query: [lamp_query]}\n"
    safe = redaction.redactor_for(folder(whole=whole))
    assert safe.redact_headers([("x.lamp", "canary"), ("lamp", "shown")]) == [("x.lamp", "***"), ("lamp", "shown")]
    assert safe.redact_url("?lamp.key=canary&lamp_query=canary&x=1") == "?lamp.key=***&lamp_query=***&x=1"
    assert safe.redact_data({"lamp_field": "canary", "lamp_query": "shown"}) == {
        "lamp_field": "***",
        "lamp_query": "shown",
    }


@given(SECRET, AROUND, AROUND, st.booleans())
def test_a_narrowed_redactor_hides_what_the_whole_one_hides(secret, before, after, is_there):
    redactor = Redactor().with_secrets([secret])
    for spelled in spellings(secret):
        text = f"{before}{spelled if is_there else ''}{after}"
        data = {"topic": text, "members": [{"mail": text}, 3], "password": "hidden", text: None}
        assert redactor.narrow(data).redact_data(data) == redactor.redact_data(data)


def test_redactors_of_different_secrets_are_different_though_the_last_one_is_kept():
    base = Redactor(["lamp"])
    first, second = base.with_secrets(["canary-1"]), base.with_secrets(["canary-2"])
    assert first.redact_text("canary-1 canary-2") == "*** canary-2"
    assert second.redact_text("canary-1 canary-2") == "canary-1 ***"
    assert base.redact_text("canary-1 canary-2") == "canary-1 canary-2"
    assert base.with_secrets(["canary-2"]) is second
    assert second.with_secrets(["canary-1"]).redact_text("canary-1 canary-2") == "*** ***"
    assert second.narrow("plain").with_secrets(["canary-3"]).redact_text("canary-2 canary-3") == "canary-2 ***"


def test_a_number_that_is_a_known_secret_is_found_by_a_narrowed_redactor_too():
    redactor = Redactor().with_secrets(["123456"])
    assert redactor.narrow({"code": [123456]}).redact_data({"code": [123456]}) == {"code": [redaction.MASK]}

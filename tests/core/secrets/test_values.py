"""A known secret is found in every encoding in which a service may echo it, and cut off."""

from __future__ import annotations

import base64
import html
import json
import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.redaction import Redactor
from connector.core.secrets.values import SecretValues

SECRET = st.text(
    string.ascii_letters + string.digits + "-._~+/=!$&'()*,;:@ \"\\<>#%[]{}|^`?é😀\n\t", min_size=6, max_size=40
)
ENCODINGS = {
    "html": html.escape,
    "html named": lambda text: html.escape(text).replace("/", "&sol;").replace("+", "&plus;").replace("=", "&equals;"),
    "html decimal": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "html hexadecimal": lambda text: "".join(f"&#x{ord(char):X};" for char in text),
    "html with zeros": lambda text: "".join(f"&#x0000000{ord(char):x};" for char in text),
    "html without the end": lambda text: "".join(f"&#{ord(char):08}" for char in text),
    "html twice": lambda text: html.escape("".join(f"&#x{ord(char):x};" for char in text)),
    "percent": lambda text: quote(text, safe=""),
    "percent, lower case": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent three times": lambda text: quote(quote(quote(text, safe=""), safe=""), safe=""),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, all escaped": lambda text: "".join(f"\\u{ord(char):04x}" if ord(char) < 0x10000 else char for char in text),
    "JSON as PHP has it": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON of JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "hexadecimal escapes": lambda text: "".join(f"\\x{ord(char):02x}" if ord(char) < 0x100 else char for char in text),
    "percent in JSON": lambda text: json.dumps(quote(text, safe=""))[1:-1],
    "HTML in JSON": lambda text: json.dumps(html.escape(text))[1:-1],
    "JSON in HTML": lambda text: html.escape(json.dumps(text)[1:-1]),
    "JSON in a URL": lambda text: quote(json.dumps(text)[1:-1], safe=""),
}  # fmt: skip


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@given(secret=SECRET)
def test_a_secret_is_hidden_in_every_encoding(encode, secret):
    redactor = Redactor().with_secrets([secret])
    echoed = encode(secret)
    for shown in (
        redactor.redact_text(f"Invalid token <{echoed}>!"),
        redactor.redact_url(f"https://h/{echoed} "),
        redactor.redact_headers([("Link", f"<https://h/x/{echoed}>; rel=next")])[0][1],
        redactor.redact_data([f"no {echoed} here"])[0],
    ):
        assert echoed not in shown
        assert "***" in shown
        assert redactor.redact_text(shown).count("***") == shown.count("***"), "nothing of it is left"


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_what_is_around_a_secret_stays_as_it_is(encode):
    secret = "s3cret/+=value-of-mine 😀"
    for before, after in (("see ", " there"), ('"', '"'), ("é😀&amp;", "&lt;é"), ("%20", "%20"), ("", "")):
        assert Redactor().with_secrets([secret]).redact_url(f"{before}{encode(secret)}{after}") == f"{before}***{after}"


@pytest.mark.parametrize("encode", [*ENCODINGS.values(), lambda text: base64.b64encode(text.encode()).decode()])
def test_a_secret_that_was_cut_off_is_hidden(encode):
    secret = "".join(f"{number:x}/" for number in range(1_000, 1_100))
    redactor = Redactor().with_secrets([secret])
    echoed = encode(secret)
    for cut in (len(echoed) // 3, len(echoed) // 2, len(echoed) - 7):
        for end in ("", "...", "</body>"):
            shown = redactor.redact_text(f"<body>{echoed[:cut]}{end}")
            assert shown.startswith("<body>***"), shown
            assert len(shown) < 30


def test_the_beginning_of_a_short_secret_at_the_end_of_a_long_text_is_hidden():
    redactor = Redactor().with_secrets(["h4rb0ur-lights"])
    assert redactor.redact_text("x " * 300 + "h4rb0").endswith("x ***")
    assert redactor.redact_text("a h4rb0") == "a h4rb0", "a short text was not cut"


def test_a_secret_that_begins_twice_is_hidden_whole():
    secret = "ab" * 10 + "-the-end"
    assert Redactor().with_secrets([secret]).redact_text("abab" + secret + "!") == "***!"


@pytest.mark.parametrize("max_length", [1, 10, 100, 1_000])
def test_a_text_is_cut_after_its_secrets_are_hidden(max_length):
    secret = "".join(f"{number:x}/" for number in range(1_000, 9_000))
    for fill in range(0, max_length, max(1, max_length // 10)):
        shown = Redactor().with_secrets([secret]).redact_text("-" * fill + secret * 3, max_length)
        assert shown == ("-" * fill + "***")[:max_length]


def test_a_percent_sign_before_a_secret_takes_none_of_it():
    secret = "41b/of-mine"
    for before in ("100%", "%4"):
        text = f"{before}{quote(secret, safe='')}."
        assert "of-mine" not in Redactor().with_secrets([secret]).redact_text(text)


def test_a_secret_that_looks_escaped_is_hidden():
    for secret in ("a%41/b%2Fc", "&amp;/&lt;x", r"\u0041/\n\t", "100%+/&#x41;"):
        redactor = Redactor().with_secrets([secret])
        for encode in ENCODINGS.values():
            assert encode(secret) not in redactor.redact_url(f"x {encode(secret)} x")


@pytest.mark.parametrize(
    "encode",
    [
        *ENCODINGS.values(),
        *(lambda text, e=e: e(text.encode()).decode() for e in (base64.b64encode, base64.urlsafe_b64encode)),
    ],
)
@given(secret=SECRET)
def test_a_quick_look_misses_nothing(encode, secret):
    values = SecretValues([secret])
    text = f"<{encode(secret)}>"
    assert values.may_be_in([text]) or not values.find(text)
    assert secret in "a plain header" or not values.may_be_in(["a plain header"])


@pytest.mark.parametrize("fold", ["\r\n ", "\n", " ", "\n\t\t", "\r\n"])
@pytest.mark.parametrize(
    "encode", [str, lambda text: base64.b64encode(text.encode()).decode()], ids=["plain", "base64"]
)
def test_a_secret_that_is_broken_into_lines_is_hidden_whole(fold, encode):
    secret = "canary-6dLk2Tq9ZbX0vN4mR7sW1yHc8pJf3uGe5aAo"
    echoed = encode(secret)
    redactor = Redactor().with_secrets([secret])
    for width in (7, 15, 30):
        lines = fold.join(echoed[start : start + width] for start in range(0, len(echoed), width))
        shown = redactor.redact_text(f"no {lines} here")
        assert shown.startswith("no ***")
        assert shown.endswith("here")
        assert not any(echoed[start : start + 6] in shown for start in range(len(echoed) - 6))
        assert SecretValues([secret]).may_be_in([f"x: {lines}"])


def test_words_that_are_no_secret_stay_apart():
    assert Redactor().with_secrets(["open sesame", "cat"]).redact_text("o pen sesame, c at") == "o pen sesame, c at"

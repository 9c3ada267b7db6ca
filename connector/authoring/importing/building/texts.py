"""Texts of a description as the project writes them: one plain sentence, labels in Title Case."""

from __future__ import annotations

import html
import re
from typing import Any
from unicodedata import combining, normalize

from connector.first_use import prepare_pattern

MAX_SENTENCE = 160
MAX_LABEL = 60

_MAX_VALUE_DEPTH, _MAX_VALUE_ITEMS, _MAX_VALUE_TEXT = 6, 50, 1000
_TAG = prepare_pattern(r"<!--.*?-->|</?[A-Za-z][^<>]*>", re.DOTALL)
_IMAGE_OR_LINK = prepare_pattern(r"!?\[([^\[\]]*)\]\([^()]*\)")
_MARKUP = prepare_pattern(r"`+|\*\*|__|^#+\s*|^>\s*|^\s*[-*+]\s+", re.MULTILINE)
_TEMPLATE = prepare_pattern(r"\{\{+|\}\}+|\$\{|\{%|%\}|<%|%>|__import__")
_PARAGRAPH = prepare_pattern(r"\n\s*\n|<br\s*/?>|</p>|</li>|<ul>|<li>", re.IGNORECASE)
_SENTENCE_END = prepare_pattern(r"(?<!\be\.g)(?<!\bi\.e)(?<!\betc)(?<!\bvs)(?<!\b[A-Z])[.!?](?=\s|$)")
_CLAUSE = prepare_pattern(r"[,;:(]\s*|\s[-\u2013\u2014]\s|\s(?=(?:which|that|when|where|because|so|and|or)\s)")
_WORD = prepare_pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[A-Z]+")
_REPLACEMENTS = {"{{": "{", "}}": "}", "${": "{", "{%": "{", "%}": "}", "<%": "", "%>": "", "__import__": "import"}


def has_template(text: str) -> bool:
    """Whether a text looks like an expression, which no text of a definition may."""
    return re.search(r"\{\{|\$\{|\{%|<%|__import__", text) is not None


def strip_markup(text: str) -> str:
    """Return a text without HTML, Markdown, and what looks like a template, on one line."""
    text = _IMAGE_OR_LINK.sub(r"\1", html.unescape(_TAG.sub(" ", text)))
    text = _MARKUP.sub("", text)
    text = _TEMPLATE.sub(lambda match: _REPLACEMENTS.get(match[0], match[0][:1]), text)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def first_sentence(text: str, fallback: str = "") -> str:
    """Return the first sentence of a text, with a capital letter and a full stop; or the fallback for none."""
    for paragraph in _PARAGRAPH.split(text):
        plain = strip_markup(paragraph)
        if not re.search(r"[A-Za-z]{2}", plain):
            continue
        end = _SENTENCE_END.search(plain)
        sentence = plain[: end.end()] if end else plain.rstrip(":;,. ")
        return _finish(_shorten(sentence))
    return fallback


def _shorten(sentence: str) -> str:
    if len(sentence) < MAX_SENTENCE:
        return sentence
    cuts = [
        match.start() for match in _CLAUSE.finditer(sentence) if MAX_SENTENCE // 3 < match.start() < MAX_SENTENCE - 2
    ]
    if cuts:
        return sentence[: cuts[-1]]
    return sentence[: MAX_SENTENCE - 2].rsplit(" ", 1)[0]


def _finish(sentence: str) -> str:
    sentence = sentence.strip().rstrip(",;:(")
    sentence = sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
    return sentence[:1].upper() + sentence[1:]


def split_words(name: str) -> list[str]:
    """Return the words of a name in any spelling: getUserById, repos/list-for-user, GetUserHTTP2; größe is grosse."""
    plain = "".join(sign for sign in normalize("NFKD", name.replace("ß", "ss")) if not combining(sign))
    return [word.lower() for word in _WORD.findall(re.sub(r"[^A-Za-z0-9]+", " ", plain.replace("'", "")))]


def join_key(words: list[str]) -> str:
    """Return words as a key in camelCase, which begins with a letter; empty for no words."""
    key = "".join([words[0], *(word.capitalize() for word in words[1:])]) if words else ""
    return f"n{key}" if key[:1].isdigit() else key


def to_title(name: str) -> str:
    """Return a name in Title Case, as labels have it."""
    words = split_words(name) if name.isascii() else re.findall(r"[^\W_]+", name)
    return " ".join(word.capitalize() for word in words) or "Value"


def is_plain(value: Any, most: int = _MAX_VALUE_DEPTH) -> bool:
    """Whether a value can stand in a definition: JSON, not too large, and nothing like a template in it."""
    if isinstance(value, dict | list):
        items = [*value.items()] if isinstance(value, dict) else value
        return most > 0 and len(items) <= _MAX_VALUE_ITEMS and all(is_plain(item, most - 1) for item in items)
    if isinstance(value, tuple):
        return all(is_plain(item, most) for item in value)
    return not isinstance(value, str) or (len(value) <= _MAX_VALUE_TEXT and not has_template(value))

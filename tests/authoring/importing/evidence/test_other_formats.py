"""A file that is no OpenAPI description is refused by what it is."""

from __future__ import annotations

import json

import pytest

from connector.authoring.importing.document import ApiDocument
from connector.errors import UsageError

POSTMAN = {"info": {"schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item": []}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\ufeff\n<!DOCTYPE html>\n<script>const a = {b: 1}</script>", "a web page"),
        ("<html><body>Sign in</body></html>", "a web page"),
        ('<?xml version="1.0"?><wsdl:definitions></wsdl:definitions>', "a WSDL description"),
        ("<rss></rss>", "an XML document"),
        ("404: Not Found", "the reply of a failed download"),
        ("Not Found\n", "the reply of a failed download"),
        ('{"message": "Not Found"}', "the reply of a failed download"),
        (json.dumps(POSTMAN), "a Postman collection"),
        ('{"kind": "discovery#restDescription", "discoveryVersion": "v1"}', "a Google discovery document"),
        ("asyncapi: 2.6.0\nchannels: {}", "an AsyncAPI description"),
        ("#%RAML 1.0\ntitle: Books", "a RAML description"),
        ("FORMAT: 1A\n\n# Books", "an API Blueprint"),
        ("type Query { books: [Book!]! }", "a GraphQL schema"),
        ('{"data": {"__schema": {}}}', "a GraphQL schema"),
        ('{"swaggerVersion": "1.2"}', "a description of Swagger 1"),
        ('{"log": {"entries": []}}', "a HAR file"),
        ('{"__export_format": 4}', "an Insomnia export"),
        ('{"$schema": "http://json-schema.org/draft-07/schema#"}', "a JSON Schema"),
        ("title: Books", "it has neither `openapi` nor `swagger`"),
        ("", "it is empty"),
    ],
)
def test_a_refusal_says_what_the_file_is(text, told):
    with pytest.raises(UsageError, match=r"books\.yaml is no OpenAPI description") as caught:
        ApiDocument.parse(text.encode(), source="books.yaml")
    assert told in str(caught.value)


@pytest.mark.parametrize("text", ["openapi: 3.0.0\n", '{"swagger": "2.0", "info": {"schema": "x"}}', "info: {}\nopenapi: 3.1.0\n"])  # fmt: skip
def test_a_description_is_read_whatever_else_it_has(text):
    assert ApiDocument.parse(text.encode()).title == ""

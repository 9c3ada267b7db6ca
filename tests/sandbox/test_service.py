"""Every request gets a response."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from support.sandboxes.shop import KEY, VERSION

from connector import Client
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from connector import Connector

METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "FETCH"])


SEGMENTS = st.sampled_from(
    ["users", "me", "meetings", "registrants", "accounts", "1", "%2e%2e", "%zz", "ü", "a b", "", "."]
)


TARGETS = st.lists(SEGMENTS, max_size=5).map(lambda parts: "/v2/" + "/".join(parts)) | st.text(max_size=20)


QUERIES = st.text("page_size=1&next_page_token=%[]é;", max_size=30)


MEDIA = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "x"]
)


BODIES = st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["topic", "settings", "type", "recurrence", "user_info", "id"]), inner, max_size=3
        )
    ),
    max_leaves=10,
).map(lambda data: json.dumps(data).encode())


@given(method=METHODS, target=TARGETS, query=QUERIES, media=MEDIA, body=BODIES)
def test_any_request_gets_an_answer(
    zoom: Connector, shop: Connector, method: str, target: str, query: str, media: str, body: bytes
) -> None:
    for connector, key in ((zoom, ("Authorization", "Bearer t")), (shop, ("X-Shop-Key", "k"))):
        sandbox = Sandbox(connector)
        path = target.replace("/v2/", f"{sandbox.service.base_path}/", 1)
        answer = sandbox.service.handle(method, f"{path}?{query}", [key, ("Content-Type", media)], body)
        assert 200 <= answer.status < 500
        if answer.body:
            json.loads(answer.body)


def test_a_path_outside_the_base_is_not_there(shop: Connector) -> None:
    sandbox = Sandbox(shop)
    for target in ("/", "/ping", "/api/v1", "/api/v10/ping", "*", ""):
        assert sandbox.service.handle("GET", target, [KEY, VERSION], b"").status == 404


FIND = "action: {key}\nlabel: F\nsummary: Find.\nrequest: POST /{key}\n{more}returns: {{help: H., example: {{found: 1}}}}\n"


def test_a_post_that_only_reads_makes_nothing(folder):
    connector = folder(
        "", {"find": FIND.format(key="find", more="read_only: true\n"), "make": FIND.format(key="make", more="")}
    )
    box = Sandbox(connector)
    with Client(connector, box.connection, http=box.http) as client:
        assert [client.run(key).status for key in ("find", "make")] == [200, 201]


def test_a_broken_file_breaks_its_own_calls_alone(folder):
    connector = folder("", {"find": FIND.format(key="find", more=""), "broken": "action: [\n"})
    box = Sandbox(connector)
    with Client(connector, box.connection, http=box.http) as client:
        assert client.run("find").data == {"found": 1}

"""What people would use instead: Zoom's Python clients for a call, and what lists pages for a living for a listing.

Each stands beside ours in one run, against one server, in processor time; one that is not installed is left out.
`pip install -e '.[bench]'` brings those of Python, and with Node 22 or later
`npm install --prefix benchmarks/node --ignore-scripts` those of Node.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import shutil
import subprocess
import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import rounds, service
from benchmarks.calls import BATCH, GIVEN, connected
from benchmarks.rounds import Row
from connector import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGES = 20
NODE = Path(__file__).parent / "node"
NODE_PEERS = {"Prismatic Spectral": "spectral.cjs", "n8n declarative": "n8n.cjs"}
LIBRARIES = ("httpx", "httpx2", "pyreqwest")


def rows(server: service.Service, count: int) -> Iterator[Row]:
    """Measure a call and a listing through each HTTP library, beside each peer that is installed."""
    took = rounds.processor(_calls(server.url()), count) | _node_calls(server.url(), count)
    yield from _rows("a call", "µs", 1e6, took)
    yield from _rows("a listing, a record", "µs", 1e6, rounds.processor(_listings(server.url(pages=PAGES)), count))


def _rows(what: str, unit: str, scale: float, took: dict[str, float]) -> Iterator[Row]:
    for library in LIBRARIES:
        for peer, cost in took.items():
            if library in took and peer not in LIBRARIES:
                ours, theirs = f"{took[library] * scale:,.1f} {unit}", f"{peer} {cost * scale:,.1f} {unit}"
                yield Row(f"{what}, through {library}", ours, theirs, took[library] / cost, "below 1")


def _calls(url: str) -> dict[str, Callable[[], int]]:
    body = _body(url)
    jobs = _installed({name: partial(_our_call, name, url) for name in LIBRARIES})
    return jobs | _installed({"zoomus": lambda: _zoomus_call(url, body), "pyzoom": lambda: _pyzoom_call(url, body)})


def _node_calls(url: str, count: int) -> dict[str, float]:
    """Return the processor seconds of a call in Node, measured there, of each peer that npm has installed."""
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules").is_dir():
        return {}
    body = json.dumps(_body(url))

    def measured(script: str) -> float:
        command = [node, str(NODE / script), url, str(BATCH)]
        ran = subprocess.run(command, input=body, text=True, check=True, stdout=subprocess.PIPE)
        return float(ran.stdout) / 1e6

    return {name: median(measured(script) for _ in range(count)) for name, script in NODE_PEERS.items()}


def _listings(url: str) -> dict[str, Callable[[], int]]:
    jobs = _installed({name: partial(_our_listing, name, url) for name in LIBRARIES})
    peers = {"zoomus": _zoomus_pages, "pyzoom": _pyzoom_pages, "dlt": _dlt_pages, "Airbyte declarative": _airbyte_pages}
    return jobs | _installed({name: partial(peer, url) for name, peer in peers.items()})


def _installed(made: dict[str, Callable[[], Callable[[], int]]]) -> dict[str, Callable[[], int]]:
    found = {}
    for name, make in made.items():
        with contextlib.suppress(ImportError):
            found[name] = make()
    return found


def _body(url: str) -> Any:
    request = Client(connected()[0], base_url=url).dry_run("createMeeting", GIVEN)
    assert request.body is not None
    return json.loads(request.body.to_bytes())


def _many(call: Callable[[], Any]) -> Callable[[], int]:
    def job() -> int:
        for _ in range(BATCH):
            call()
        return BATCH

    return job


def _our_call(library: str, url: str) -> Callable[[], int]:
    importlib.import_module(library)
    client = Client(*connected(), base_url=url, http=library)
    return _many(lambda: client.run("createMeeting", GIVEN))


def _our_listing(library: str, url: str) -> Callable[[], int]:
    importlib.import_module(library)
    client = Client(*connected(), base_url=url, http=library)
    return lambda: sum(1 for _ in client.items("listUsers"))


def _zoomus(url: str) -> Any:
    import zoomus

    zoomus.util.generate_token = lambda *_: service.TOKEN  # it asks for a token while it is made
    return zoomus.ZoomClient("id", "secret", "account", base_uri=url)


def _zoomus_call(url: str, body: Any) -> Callable[[], int]:
    client = _zoomus(url)
    starts = datetime.fromisoformat(body["start_time"])  # the one value that it takes in another form
    return _many(lambda: client.meeting.create(user_id="me", **{**body, "start_time": starts}).json())


def _zoomus_pages(url: str) -> Callable[[], int]:
    client = _zoomus(url)
    return lambda: _all(lambda token: client.user.list(page_size=300, next_page_token=token).json())


def _pyzoom(url: str) -> Any:
    import pyzoom

    return pyzoom.ZoomClient(service.TOKEN, "no-refresh-token", base_url=url)


def _pyzoom_call(url: str, body: Any) -> Callable[[], int]:
    client = _pyzoom(url)
    return _many(lambda: client.raw.post("/users/me/meetings", body=body).json())


def _pyzoom_pages(url: str) -> Callable[[], int]:
    client = _pyzoom(url)
    return lambda: _all(lambda token: client.raw.get("/users", query=_query(token)).json())


def _query(token: str) -> dict[str, Any]:
    return {"page_size": 300, "status": "active", **({"next_page_token": token} if token else {})}


def _all(read: Callable[[str], Any]) -> int:
    seen, token = 0, ""
    while True:
        page = read(token or "1")
        seen += sum(1 for _ in page["users"])
        token = page["next_page_token"]
        if not token:
            return seen


def _dlt_pages(url: str) -> Callable[[], int]:
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    os.environ.setdefault("DLT_DATA_DIR", tempfile.mkdtemp())
    from dlt.sources.rest_api import rest_api_source

    cursor = {"type": "cursor", "cursor_path": "next_page_token", "cursor_param": "next_page_token"}
    endpoint = {"path": "users", "params": {"page_size": 300, "status": "active"}, "data_selector": "users"}
    config: Any = {
        "client": {"base_url": url + "/", "auth": {"type": "bearer", "token": service.TOKEN}, "paginator": cursor},
        "resources": [{"name": "users", "endpoint": endpoint}],
    }
    return lambda: sum(1 for _ in rest_api_source(config).resources["users"])


def _airbyte_pages(url: str) -> Callable[[], int]:
    from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
    from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

    catalog = ConfiguredAirbyteCatalogSerializer.load({"streams": [{
        "stream": {"name": "users", "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
        "sync_mode": "full_refresh", "destination_sync_mode": "overwrite",
    }]})  # fmt: skip
    logger = logging.getLogger("airbyte")
    logger.setLevel(logging.ERROR)

    def job() -> int:
        source = ConcurrentDeclarativeSource(
            catalog=catalog, config={}, state=[], source_config=_declared(url), emit_connector_builder_messages=False
        )
        return sum(message.type.value == "RECORD" for message in source.read(logger, {}, catalog, []))

    return job


def _declared(url: str) -> dict[str, Any]:
    paging = {
        "type": "DefaultPaginator",
        "page_token_option": {"type": "RequestOption", "inject_into": "request_parameter",
                              "field_name": "next_page_token"},
        "pagination_strategy": {"type": "CursorPagination", "cursor_value": "{{ response.next_page_token }}",
                                "stop_condition": "{{ not response.next_page_token }}"},
    }  # fmt: skip
    requester = {
        "type": "HttpRequester", "url_base": url, "path": "/users", "http_method": "GET",
        "authenticator": {"type": "BearerAuthenticator", "api_token": service.TOKEN},
        "request_parameters": {"page_size": "300", "status": "active"},
    }  # fmt: skip
    selector = {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": ["users"]}}
    retriever = {"type": "SimpleRetriever", "requester": requester, "record_selector": selector, "paginator": paging}
    schema = {"type": "InlineSchemaLoader", "schema": {"type": "object", "properties": {}}}
    stream = {"type": "DeclarativeStream", "name": "users", "primary_key": "id", "retriever": retriever}
    return {
        "version": "6.0.0", "type": "DeclarativeSource", "streams": [{**stream, "schema_loader": schema}],
        "check": {"type": "CheckStream", "stream_names": ["users"]},
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    }  # fmt: skip

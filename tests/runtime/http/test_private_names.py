"""The private names of libraries that docs/decisions/0020 lists are still there."""

from __future__ import annotations

import ctypes
import importlib.util
import logging

import pytest

from connector.runtime.http.httpx.request import CORE_LIBRARIES, load_library

SEE = "see docs/decisions/0020-private-names-of-httpcore.md"
LOGGERS = {"connection", "http11", "http2", "proxy", "socks"}


@pytest.fixture(params=list(CORE_LIBRARIES))
def library(request):
    pytest.importorskip(request.param)
    return load_library(request.param)


@pytest.mark.parametrize("name", ["HTTP11Connection", "AsyncHTTP11Connection"])
def test_a_connection_shows_its_parser_and_what_came_after_a_reply(library, name):
    connection = getattr(library.core, name)(library.core.Origin(b"http", b"127.0.0.1", 1), None)
    parser = getattr(connection, "_h11_state", None)
    assert parser is not None, f"{library.core.__name__}.{name} has no _h11_state: no connection is reused; {SEE}"
    assert parser.trailing_data[0] == b"", f"h11 has another trailing_data; {SEE}"


@pytest.mark.parametrize("name", ["HTTPProxy", "AsyncHTTPProxy", "SOCKSProxy", "AsyncSOCKSProxy"])
@pytest.mark.parametrize("scheme", [b"http", b"https"])
def test_a_connection_through_a_proxy_shows_the_one_inside(library, name, scheme):
    proxy = getattr(library.core, name)("socks5://127.0.0.1:1" if "SOCKS" in name else "http://127.0.0.1:1")
    connection = proxy.create_connection(library.core.Origin(scheme, b"127.0.0.1", 1))
    assert hasattr(connection, "_connection"), f"{type(connection).__name__} has no _connection; {SEE}"


def test_the_command_line_of_the_library_is_a_module_of_its_own(library):
    name = f"{library.client.__name__}._main"
    assert importlib.util.find_spec(name) is not None, f"{name} is gone: importing the library loads rich; {SEE}"


def test_every_logger_of_the_connections_is_filtered(library):
    prefix = f"{library.core.__name__}."
    names = {name.removeprefix(prefix) for name in logging.root.manager.loggerDict if name.startswith(prefix)}
    assert names <= LOGGERS, f"{library.core.__name__} logs under names that are not filtered; {SEE}"
    assert all(logging.getLogger(f"{prefix}{name}").filters for name in LOGGERS), f"a filter is missing; {SEE}"


def test_python_can_keep_an_object_for_ever():
    assert callable(ctypes.pythonapi.Py_IncRef), SEE

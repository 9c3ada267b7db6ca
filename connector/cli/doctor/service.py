"""The way to the service: network, proxy, TLS, the clock, and whether a connection is accepted."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.cli.connections.connection_test import run_connection_test
from connector.cli.context import connection_names
from connector.cli.doctor.diagnosis import FAIL, OK, WARN, Diagnosis
from connector.cli.output.times import format_duration
from connector.core import redaction
from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.core.response.reply import Reply
from connector.errors import ConnectorError, SignInError
from connector.runtime.http.proxies import find_proxy
from connector.runtime.http.transport import load_transport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.cli.context.connection_context import ConnectionContext

TIMEOUT = 5.0  # seconds for the answer of one host
MAX_OFFSET, BROKEN_OFFSET = 30.0, 300.0  # seconds; signatures and tokens are refused beyond some minutes
_ABSENT_KINDS = ("dns", "connect_timeout", "connect")  # as a machine without a network has them
_FIXES = {
    "dns": "Check the network and the host's name; behind a proxy, set HTTPS_PROXY.",
    "tls": "If a proxy looks into TLS, name its certificate in SSL_CERT_FILE.",
    "proxy": "Check HTTPS_PROXY and NO_PROXY.",
    "refused": "Check the base URL and the firewall.",
}
_DEFAULT_FIX = "Check the network, the proxy and the firewall."


def list_urls(context: ConnectionContext) -> list[str]:
    """Return the addresses to try: where calls go, and where tokens come from."""
    manifest = context.connector.manifest
    tokens = [kind.token_url for kind in manifest.connections.values() if getattr(kind, "token_url", None)]
    base_url = context.base_url or manifest.base_url
    origins = [f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, [base_url, *map(str, tokens)])]
    return [origin for origin in dict.fromkeys(origins) if "{" not in origin and urlsplit(origin).hostname]


def check_network(context: ConnectionContext) -> Iterator[Diagnosis]:
    """Yield whether each host answers, over which proxy, and how far this machine's clock is from the service's."""
    transport = load_transport(None, asynchronous=False)
    try:
        for url in list_urls(context):
            yield from _check_host(transport, url)
    finally:
        transport.close()


def _check_host(transport: Any, url: str) -> Iterator[Diagnosis]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = find_proxy(parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80))
    way = f" through the proxy {redaction.default_redactor().redact_url(proxy.url)}" if proxy else ""
    request, began = Request("GET", "/", base_url=url), time.time()
    answer = transport.send(request, Credential(""), time.monotonic() + TIMEOUT, None, None)
    if isinstance(answer, Reply):
        secure = " by TLS" if parts.scheme == "https" else ""
        yield Diagnosis("network", OK, f"{host} answers{secure}{way}")
        yield from _check_clock(host, answer.header("date"), (began + time.time()) / 2)
    elif answer.kind in _ABSENT_KINDS:
        message = f"{host} cannot be reached{way}: {answer.message}. Is this machine offline?"
        yield Diagnosis("network", WARN, message, _FIXES.get(answer.kind, _DEFAULT_FIX))
    else:
        yield Diagnosis("network", FAIL, f"{host}{way}: {answer.message}", _FIXES.get(answer.kind, _DEFAULT_FIX))


def _check_clock(host: str, date: str | None, now: float) -> Iterator[Diagnosis]:
    try:
        offset = now - parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return
    message = f"This machine's clock and that of {host} are {format_duration(offset)} apart"
    if abs(offset) <= MAX_OFFSET:
        yield Diagnosis("clock", OK, f"This machine's clock is that of {host}, within {MAX_OFFSET:g} s")
    else:
        fix = "Let the system set its clock: timedatectl set-ntp true"
        yield Diagnosis("clock", FAIL if abs(offset) > BROKEN_OFFSET else WARN, message, fix)


def check_connection(context: ConnectionContext, name: str | None) -> Iterator[Diagnosis]:
    """Yield whether the service takes the connection, by a call that changes nothing."""
    connection: Any
    try:
        if context.sandbox_instance is not None and name is None:
            connection = context.sandbox_instance.connection
        else:
            connection = connection_names.resolve_connection(context, name)
    except SignInError as error:
        yield Diagnosis("connection", FAIL if name else WARN, str(error.args[0]), error.hint)
        return
    try:
        result = run_connection_test(context, connection)
    except ConnectorError as error:
        is_absent = getattr(error, "kind", "") in _ABSENT_KINDS
        yield Diagnosis("connection", WARN if is_absent else FAIL, str(error.args[0]), error.hint)
        return
    identity = f" as {result.identity}" if result.identity else ""
    yield Diagnosis("connection", OK, f"{connection.name or connection.kind}: connected{identity}")

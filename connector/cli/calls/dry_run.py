"""`--dry-run`: print the requests of a command without sending them."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from connector.cli.calls.call_checks import check_calls
from connector.cli.context import connection_names
from connector.cli.context.connection_context import ConnectionContext, resolve_base_url
from connector.cli.output.exit_codes import EXIT_DONE
from connector.cli.output.printer import make_printer, write_text
from connector.cli.output.stdio import print_stderr
from connector.core.auth.site import Site, fill_known
from connector.core.request.credential import Credential
from connector.definition.connection_type import CLOUD_INPUT, PLACEHOLDER
from connector.errors import ConnectorError
from connector.runtime.auth import env_connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.cli.calls.call import CallTask
    from connector.cli.calls.call_list import CallList
    from connector.cli.calls.download_task import DownloadTask
    from connector.cli.context.run_options import RunOptions
    from connector.cli.context.settings import Settings
    from connector.core.request.builder import Request
    from connector.definition.connection_type import ConnectionType
    from connector.definition.loader import Connector


def print_requests(connector: Connector, settings: Settings, options: RunOptions, tasks: CallList) -> int:
    """Print the first request of every call, as text unless a format was chosen. Raises InputError."""
    output_setting, given_url = settings.get("output"), resolve_base_url(connector, settings)
    find_site = cache(partial(_find_site, connector, settings, options))  # several calls have one connection

    def preview(task: CallTask | DownloadTask) -> tuple[Request, tuple[str, ...]]:
        place = given_url or find_site(task.options.connection)
        flags = options.call_options(settings.get("timeout"))
        if not task.is_listing(connector):
            flags = replace(flags, limit=None, page_size=None)
        return task.preview(connector, place, replace(task.options.override(flags), connection=None))

    if tasks.from_file:
        check_calls(tasks, preview)
    requests = []
    for task in tasks.calls:
        request, warnings = preview(task)
        for warning in () if options.quiet else warnings:
            print_stderr(f"Warning: {warning}")
        if options.curl:
            from connector.cli.calls.trace import trace_unsent_request

            credential = _build_credential(connector, settings, options, task.options.connection)
            print_stderr(trace_unsent_request(request, credential).curl(), is_wrapped=False)
        requests.append(request.to_dict())
    if output_setting.value in ("table", "text", "csv") or not output_setting.is_set:
        write_text("\n\n".join(map(_format_request, requests)))
        return EXIT_DONE
    printer = make_printer(output_setting.value, several=tasks.several, include_errors=True, quiet=options.quiet)
    for request_data in requests:
        printer.print_result(request_data)
    printer.finish()
    return EXIT_DONE


def _find_site(connector: Connector, settings: Settings, options: RunOptions, named: str | None) -> Site | None:
    """Return the manifest's base URLs with what the connection or the environment fills in; None where that is nothing.

    A dry run needs no connection: what cannot be read is left as it is, with a note.
    """
    manifest = connector.manifest
    if options.sandbox or not (any(map(PLACEHOLDER.search, manifest.base_urls)) or manifest.clouds):
        return None
    name = options.connection or named or settings.get("connection").value
    try:
        connection = connection_names.resolve_connection(ConnectionContext(connector, settings), name)
        site = fill_site(connector, manifest.connections[connection.kind], connection.inputs())
    except ConnectorError:
        site = _fill_from_environment(connector, name)
    secrets = {key for item in manifest.connections.values() for key, field in item.inputs.items() if field.secret}
    missing = ({*_find_unfilled(site)} & {*manifest.environment_variables.values()}) - secrets
    if missing and not options.quiet:
        variables = ", ".join(map(manifest.environment_variable, sorted(missing)))
        print_stderr(
            f"The connection fills in {', '.join(f'{{{key}}}' for key in sorted(missing))}, which {variables} sets."
        )
    return site


def _find_unfilled(site: Site) -> list[str]:
    return [name for url in (site.base_url, *site.servers.values()) for name in PLACEHOLDER.findall(url)]


def _build_credential(connector: Connector, settings: Settings, options: RunOptions, named: str | None) -> Credential:
    """Return what would sign a request, without its secret: as the connection's type says, else the first type."""
    from connector.core.auth.signing import Signer

    manifest = connector.manifest
    name = options.connection or named or settings.get("connection").value
    kind = name if name in manifest.connections else next(iter(manifest.connections), None)
    if not options.sandbox:
        with contextlib.suppress(ConnectorError):
            kind = connection_names.resolve_connection(ConnectionContext(connector, settings), name).kind
    return Signer.sign_unsent(manifest.connections[kind], manifest.filled_constants) if kind else Credential("")


def _fill_from_environment(connector: Connector, name: str | None) -> Site:
    """Return the base URLs with the values of variables and defaults, of the type that fills in most."""
    manifest = connector.manifest
    types = [item for key, item in manifest.connections.items() if name in (None, key)] or [
        *manifest.connections.values()
    ]
    sites = []
    for connection_type in types:
        values = {key: field.default for key, field in connection_type.inputs.items() if field.has_default}
        values |= env_connection.read_env_values(connector, os.environ)
        sites.append(fill_site(connector, connection_type, values))
    unfilled_site = Site(manifest.base_url, servers=manifest.servers)
    return min(sites, key=lambda site: len(_find_unfilled(site)), default=unfilled_site)


def fill_site(connector: Connector, connection_type: ConnectionType, values: Mapping[str, Any]) -> Site:
    """Return the base URLs of a cloud with these values in it; a secret is not shown, so its name stays."""
    fields, manifest = connection_type.inputs, connector.manifest
    shown_values = {key: value for key, value in values.items() if key in fields and not fields[key].secret}
    cloud = manifest.find_cloud(values.get(CLOUD_INPUT))

    def fill(server: str | None) -> str:
        return fill_known(manifest.find_url(server, cloud), connection_type, shown_values)

    return Site(fill(None), servers={name: fill(name) for name in manifest.servers})


def _format_request(request: dict[str, Any]) -> str:
    """Return a request as text: request line, headers, body."""
    lines = [f"{request['method']} {request['url']}"]
    lines += [f"{name}: {value}" for name, value in request["headers"].items()]
    body = request.get("body")
    if body is not None:
        body_text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False, default=str)
        lines += ["", body_text]
    return "\n".join(lines)

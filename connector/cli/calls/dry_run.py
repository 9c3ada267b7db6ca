"""`--dry-run`: print the requests of a command without sending them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.cli.calls.call_checks import check_calls
from connector.cli.calls.trace import trace_unsent_request
from connector.cli.context.connection_context import resolve_base_url
from connector.cli.output.exit_codes import EXIT_DONE
from connector.cli.output.printer import make_printer, write_text
from connector.cli.output.stdio import print_stderr
from connector.runtime.calls.call_options import CallOptions

if TYPE_CHECKING:
    from connector.cli.calls.call import CallTask
    from connector.cli.calls.call_list import CallList
    from connector.cli.calls.download_task import DownloadTask
    from connector.cli.context.run_options import RunOptions
    from connector.cli.context.settings import Settings
    from connector.core.request.builder import Request
    from connector.definition.loader import Connector


def print_requests(connector: Connector, settings: Settings, options: RunOptions, tasks: CallList) -> int:
    """Print the first request of every call, as text unless a format was chosen. Raises InputError."""
    output_setting, url = settings.get("output"), resolve_base_url(connector, settings)

    def preview(task: CallTask | DownloadTask) -> tuple[Request, tuple[str, ...]]:
        is_listing = task.is_listing(connector)
        flags = CallOptions.parse(
            account=options.account,
            limit=options.limit if is_listing else None,
            page_size=options.page_size if is_listing else None,
        )
        return task.preview(connector, url, replace(task.options.override(flags), connection=None))

    if tasks.from_file:
        check_calls(tasks, preview)
    requests = []
    for request, warnings in map(preview, tasks.calls):
        for warning in () if options.quiet else warnings:
            print_stderr(f"Warning: {warning}")
        if options.curl:
            print_stderr(trace_unsent_request(request).curl())
        requests.append(request.to_dict())
    if output_setting.value == "table" or not output_setting.is_set:
        write_text("\n\n".join(map(_format_request, requests)))
        return EXIT_DONE
    printer = make_printer(output_setting.value, several=tasks.several, include_errors=True, quiet=options.quiet)
    for request_data in requests:
        printer.print_result(request_data)
    printer.finish()
    return EXIT_DONE


def _format_request(request: dict[str, Any]) -> str:
    """Return a request as text: request line, headers, body."""
    lines = [f"{request['method']} {request['url']}"]
    lines += [f"{name}: {value}" for name, value in request["headers"].items()]
    body = request.get("body")
    if body is not None:
        body_text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False, default=str)
        lines += ["", body_text]
    return "\n".join(lines)

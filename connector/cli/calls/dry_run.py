"""`--dry-run`: the requests that a command would send, printed; nothing is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.cli.calls.trace import unsent
from connector.cli.context.connection_context import base_url
from connector.cli.output import errors as failure
from connector.cli.output import printer as output

if TYPE_CHECKING:
    from connector.cli.calls.call import Tasks
    from connector.cli.context.run_options import Options
    from connector.cli.context.settings import Settings
    from connector.definition.loader import Connector


def show(connector: Connector, settings: Settings, options: Options, tasks: Tasks) -> int:
    """Print the first request of every call, as text unless a form was chosen. Raises InputError."""
    shape, place = settings.get("output"), base_url(connector, settings)
    requests = []
    for task in tasks.calls:
        limit = options.limit if task.items(connector) else None
        how = replace(task.how, account=options.account or task.how.account, limit=limit or task.how.limit)
        request = task.request(connector, place, how)
        if options.curl:
            failure.say(unsent(request).curl())
        requests.append(request.to_dict())
    if shape.value == "table" or not shape.chosen:
        output.write_text("\n\n".join(map(_text, requests)))
        return failure.DONE
    form = output.form(shape.value, several=tasks.several, errors=True, quiet=options.quiet)
    for request_data in requests:
        form.result(request_data)
    form.end()
    return failure.DONE


def _text(request: dict[str, Any]) -> str:
    """Return a request as it is read: its line, its headers, its body."""
    lines = [f"{request['method']} {request['url']}"]
    lines += [f"{name}: {value}" for name, value in request["headers"].items()]
    body = request.get("body")
    if body is not None:
        shown = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False, default=str)
        lines += ["", shown]
    return "\n".join(lines)

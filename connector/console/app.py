"""The console as an ASGI application: it reads what a browser asks, calls the page, and renders the answer."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from connector._version import __version__
from connector.cli.output.error_output import to_connector_error
from connector.console import rendering
from connector.console.pages import PAGES, find_entry, list_routes
from connector.console.security import BODY_SECONDS, MAX_BODY, BodyTooLargeError, BodyTooLateError, Guard
from connector.console.told import TOLD_FIELD, Told
from connector.console.visit import PAGE_FIELD, Attachment, EventStream, Redirect, UploadedFile, View, Visit
from connector.errors import ConnectorError, InputError, UsageError
from connector.runtime.downloads.file_name import DEFAULT_NAME, sanitize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.datastructures import FormData
    from starlette.requests import Request

    from connector.console.desk import Desk
    from connector.console.route import PageRoute
    from connector.console.security import App, Keys
    from connector.console.visit import Answer

_STATIC = Path(__file__).parent / "static"
_LIMITS = {"max_fields": 5000, "max_files": 100, "max_part_size": MAX_BODY}
_WHOLE_PAGE = {
    "hx-retarget": "#main",
    "hx-reselect": "#main",
    "hx-reswap": "outerHTML",
}  # also where a part was asked for


def create_app(desk: Desk, keys: Keys, port: int) -> App:
    """Return the application that a browser on this machine may use, with the key of its first address."""
    pages = _Pages(desk, keys.root_path)
    routes: list[Any] = [
        Route(route.path, partial(pages.respond, route), methods=[route.method]) for route in list_routes()
    ]
    routes.append(Mount(f"/static/{__version__}", _Static(directory=_STATIC)))
    handlers: Any = {
        HTTPException: pages.respond_missing,
        BodyTooLargeError: pages.respond_too_large,
        BodyTooLateError: pages.respond_too_late,
        ConnectorError: pages.respond_error,
    }
    app = Starlette(routes=routes, exception_handlers=handlers, middleware=[Middleware(GZipMiddleware)])
    return Guard(app, keys, port)


class _Static(StaticFiles):
    """Files that a browser keeps: their address has the version in it."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """Return a file, or that it has not changed."""
        response = super().file_response(*args, **options)
        response.headers["cache-control"] = "private, max-age=86400, immutable"
        return response


class _Pages:
    """Calls pages in threads, and makes responses of their answers."""

    def __init__(self, desk: Desk, root_path: str) -> None:
        self._desk = desk
        self._root_path = root_path
        self._told = Told()

    async def respond(self, route: PageRoute, request: Request) -> Response:
        """Answer a request."""
        async with request.form(**_LIMITS) as form:
            visit = await _read_visit(request, form)
        if route.changes and self._desk.read_only:
            return self._render(
                request, _build_error_page("This console only reads.", "Start it without --read-only.", 403)
            )
        if visit.is_from_page and visit.sent(PAGE_FIELD) != rendering.CONSOLE:  # which may have been a sandbox's
            message = "This page is of a console that has ended."
            return self._render(request, _build_error_page(message, "Nothing was done: load it again.", 409))
        return await run_in_threadpool(self._call, route, request, visit)

    async def respond_missing(self, request: Request, error: Exception) -> Response:
        """Answer a request that no page has."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        reasons = {
            400: f"The form cannot be read. {getattr(error, 'detail', '')}",
            404: "There is no such page.",
            405: "This page is not used that way.",
        }
        hint = f"Nothing was done for {_get_path(request)}."
        return self._render(request, _build_error_page(reasons.get(status, "That failed."), hint, status))

    async def respond_error(self, request: Request, error: Exception) -> Response:
        """Answer where something did not work."""
        return self._render(request, _describe_error(to_connector_error(error), request.method))

    async def respond_too_large(self, request: Request, _: Exception) -> Response:
        """Answer a form that is too large."""
        return self._render(request, _build_error_page("The form is too large.", "Send smaller files.", 413))

    async def respond_too_late(self, request: Request, _: Exception) -> Response:
        """Answer a form that does not arrive."""
        message = f"The form did not arrive within {BODY_SECONDS:.0f} seconds."
        response = self._render(request, _build_error_page(message, "Nothing was done.", 408))
        response.headers["connection"] = "close"
        return response

    def _call(self, route: PageRoute, request: Request, visit: Visit) -> Response:
        try:
            return self._to_response(request, route.handle(self._desk, visit))
        except ConnectorError:
            raise
        except Exception as error:
            raise to_connector_error(error) from error  # last resort: a sentence instead of a traceback

    def _to_response(self, request: Request, reply: Answer) -> Response:
        if isinstance(reply, View):
            return self._render(request, reply)
        if isinstance(reply, Redirect):
            return RedirectResponse(self._root_path + (self._told.keep(reply) if reply.told else reply.to), 303)
        if isinstance(reply, Attachment):
            headers = {"content-disposition": _build_disposition(reply.name)}
            return Response(reply.content, media_type=reply.media_type, headers=headers)
        return StreamingResponse(_format_events(reply), media_type="text/event-stream")

    def _render(self, request: Request, page: View) -> Response:
        desk = self._desk
        shell = {
            "title": page.title,
            "service": desk.connector.manifest.label,
            "nav": [(entry.title, entry.path) for entry in PAGES],
            "here": find_entry(_get_path(request)).path,
            "told": self._told.take(request.query_params.get(TOLD_FIELD, "")),
            "sandbox": desk.context.sandbox,
            "read_only": desk.read_only,
            "version": __version__,
        }
        html = rendering.render(page.template, {**shell, **page.data}, self._root_path)
        headers = _WHOLE_PAGE if page.template == "error" else None
        return HTMLResponse(html.encode("utf-8", "replace"), page.status, headers)


def _get_path(request: Request) -> str:
    """Return the path of a page, as the console's pages know it."""
    path: str = request.scope["path"]
    return path.removeprefix(request.scope.get("app_root_path", request.scope["root_path"]))


async def _read_visit(request: Request, form: FormData) -> Visit:
    fields: dict[str, list[str]] = {}
    files: dict[str, UploadedFile] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
        elif value.filename:
            files[name] = UploadedFile(value.filename, await value.read(), value.content_type or "")
    query: dict[str, list[str]] = {}
    for name, text in request.query_params.multi_items():
        query.setdefault(name, []).append(text)
    return Visit(_get_path(request), request.path_params, query, fields, files)


def _describe_error(error: ConnectorError, method: str) -> View:
    """Return the page of an error; what an address names and is not there, is missing."""
    problems = error.problems if isinstance(error, InputError) else ()
    status = 502 if not isinstance(error, InputError | UsageError) else 404 if method in ("GET", "HEAD") else 422
    return _build_error_page(str(error.args[0]) if not problems else "", error.hint or "", status, problems)


def _build_error_page(message: str, hint: str, status: int, problems: Any = ()) -> View:
    data = {"message": message, "hint": hint, "problems": problems}
    return View("error", "That did not work", data, status)


def _build_disposition(name: str) -> str:
    """Return the header that has a browser keep a file (RFC 6266), whatever its name has in it."""
    safe = sanitize_name(name) or DEFAULT_NAME
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f'attachment; filename="{plain}"' + ("" if plain == safe else f"; filename*=UTF-8''{quote(safe, safe='')}")


def _format_events(stream: EventStream) -> Iterator[str]:
    for event in stream.events:
        yield ":\n\n" if not event else "".join(f"data: {line}\n" for line in event.split("\n")) + "\n"

"""Errors of the connector as replies, for every view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, JsonResponse

from connector import errors

if TYPE_CHECKING:
    from collections.abc import Callable


class ConnectorErrors:
    """Middleware: what a view does not catch becomes a reply that says who has to act."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass a request on."""
        return self.get_response(request)

    def process_exception(self, _: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for an error of the connector; leave any other to Django."""
        match error:
            case errors.InputError():
                status = 422
            case errors.SignInError():
                status = 403  # the tenant has to open /TENANT/connect
            case errors.NotFound():
                status = 404
            case errors.RateLimited():
                status = 503
            case errors.ApiError() | errors.TransportError():
                status = 502
            case errors.ConnectorError():
                status = 500
            case _:
                return None
        content = {"detail": str(error), "outcome": error.outcome, "retryable": error.retryable}
        return JsonResponse(content, status=status)

"""The sandbox service: request in, response out."""

from __future__ import annotations

import hashlib
import itertools
from collections import OrderedDict
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.definition.forms.action_heads import ActionHeads, iter_valid_actions
from connector.definition.lazy import cached_property
from connector.runtime.clock import Clock, SystemClock
from connector.runtime.process.fork_safety import ForkSafeLock
from connector.sandbox.api import files, uploads
from connector.sandbox.api.pagination import UnknownCursor
from connector.sandbox.api.rate_limits import RateLimiter
from connector.sandbox.api.servers import Servers
from connector.sandbox.canned_replies import CannedReplies
from connector.sandbox.data.collections import RecordCollections, RecordNotFound
from connector.sandbox.data.jobs import Jobs
from connector.sandbox.handlers import CrudHandlers
from connector.sandbox.http.faults import FaultInjector
from connector.sandbox.http.idempotency_key import find_idempotency_key
from connector.sandbox.http.request import SandboxRequest
from connector.sandbox.http.responses import CONNECTION_REFUSED, SIGN_IN_PAGE_RESPONSE, ErrorResponses, SandboxResponse
from connector.sandbox.oauth import credentials
from connector.sandbox.oauth.refusals import build_oauth_error
from connector.sandbox.oauth.server import AuthorizationServer
from connector.sandbox.request_log import RequestLog
from connector.sandbox.request_matcher import RequestMatcher, list_candidates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.sandbox.api.router import Match
    from connector.sandbox.data.issued_tokens import TokenPolicy
    from connector.sandbox.data.state import SandboxData, SandboxState
    from connector.sandbox.events.emitter import EventEmitter
    from connector.sandbox.handlers import MatchedRequest
    from connector.sandbox.http.faults import Fault
    from connector.sandbox.oauth.endpoints import Role

_RETRY_AFTER_SECONDS = 1  # seconds
_MAX_REMEMBERED_RESPONSES = 1_000  # responses to requests with an idempotency key


class SandboxService:
    """Imitates the service of a connector, from its definitions. Thread-safe.

    `SandboxService(connector, state)`. `faults` are parsed by `parse_fault`; `clock` delays slow responses and dates
    tokens; `token_policy` says how tokens are issued; `emitter` sends the events of changes; a `plan` of the manifest
    enforces its rate limits. The connector's files are read at the first request. Raises UsageError for an unknown
    plan.
    """

    def __init__(
        self,
        connector: Connector,
        state: SandboxState,
        faults: Iterable[Fault] = (),
        clock: Clock | None = None,
        *,
        token_policy: TokenPolicy | None = None,
        emitter: EventEmitter | None = None,
        plan: str | None = None,
    ) -> None:
        self.connector = connector
        self.state = state
        state.create_initial = self._build_initial_data
        self.clock: Clock = clock or SystemClock()
        self.authorization_server = AuthorizationServer(connector, state, self.clock, token_policy)
        self.servers = Servers(connector.manifest)
        self.emitter = emitter
        self._rate_limiter = None if plan is None else RateLimiter(connector, plan)
        self.errors = ErrorResponses(connector.manifest)
        self.faults = FaultInjector(faults)
        self.canned_replies = CannedReplies(connector, self.errors)
        self._matcher = RequestMatcher(connector, self.servers)
        self.request_log = RequestLog(connector, self._matcher)
        self._idempotent_responses: OrderedDict[tuple[str, str, bytes], SandboxResponse] = OrderedDict()
        self._lock = ForkSafeLock()
        self._request_numbers = itertools.count(1)
        self._request_id_header = (connector.manifest.errors.request_id or "").partition(".")[2].lower()

    @cached_property
    def _collections(self) -> RecordCollections:
        return RecordCollections(self.connector, self._matcher.router, self.clock)

    @cached_property
    def _jobs(self) -> Jobs:
        heads = self.connector.derive(ActionHeads.read).heads
        return Jobs(iter_valid_actions(self.connector, (head.action for head in heads if head.may_start_job)))

    @cached_property
    def _handlers(self) -> CrudHandlers:
        emitted_events = (
            {name: resource.events for name, resource in self.connector.manifest.resources.items() if resource.events}
            if self.emitter
            else {}
        )
        return CrudHandlers(self._collections, self.state, emitted_events, self.faults, self._jobs)

    def _build_initial_data(self) -> SandboxData:
        return self._collections.build_initial_data()

    def seed(self, resource: str, records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Add records to a resource; return them as the service shows them. Raises UsageError."""
        with self.state.transaction() as data:
            return self._collections.seed(data, resource, records)

    def reset(self) -> None:
        """Return to the initial records; forget the requests, the canned replies and the faults."""
        self.state.reset()
        self.request_log.clear()
        self.canned_replies.clear()
        self.faults.clear()
        with self._lock:
            self._idempotent_responses.clear()

    def handle(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> SandboxResponse:
        """Handle a request; `target` is the path and query of the request line.

        Raises StoreError when the state cannot be read or saved, DefinitionError for an invalid file of the connector.
        """
        request = SandboxRequest.parse(method, target, headers, body)
        received = self.request_log.add(request)
        canned = self.canned_replies.take_next(request, self._matcher)
        response = canned.response if canned is not None else None
        if response is None:
            role = self.authorization_server.endpoints.find_role(request.path)
            response = self._handle_oauth(role, request) if role else self._handle_api(request)
        if canned is not None and canned.is_lost:
            response = replace(response, delivery="lost")
        received.status = response.status if response.delivery == "sent" else None
        return response.without_body() if request.method == "HEAD" else response

    def emit_events(self, response: SandboxResponse) -> None:
        """Send the events of a response; call it after the response is sent."""
        if self.emitter is not None:
            self.emitter.enqueue(response.changes)

    def _handle_oauth(self, role: Role, request: SandboxRequest) -> SandboxResponse:
        """Handle an OAuth request; token faults affect requests for a token."""
        if role != "token":
            return self.authorization_server.handle(role, request)
        fault = self.faults.take_next_fault("token")
        if fault is not None and fault.kind == "token-5xx":
            response = build_oauth_error(503, "temporarily_unavailable", "No token can be issued now.")
        elif fault is not None and fault.kind == "invalid-grant":
            response = build_oauth_error(400, "invalid_grant", "Invalid token.")
        else:
            response = self.authorization_server.handle(role, request)
        is_dropped = fault is not None and fault.kind == "drop-token-reply"
        return replace(
            response,
            delivery="lost" if is_dropped else response.delivery,
            delay=self.faults.get_delay("token"),
        )

    def _handle_api(self, request: SandboxRequest) -> SandboxResponse:
        """Handle a request to the API."""
        fault = self.faults.take_next_fault()
        if fault is not None and fault.kind == "refuse":
            return CONNECTION_REFUSED
        response = self._build_fault_response(fault) or self._route_request(request)
        if fault is not None and fault.kind == "drop-reply":
            response = replace(response, delivery="lost")
        if self._request_id_header:
            response = replace(
                response,
                headers=(*response.headers, (self._request_id_header, f"sandbox-{next(self._request_numbers)}")),
            )
        return replace(response, delay=self.faults.get_delay())

    def _build_fault_response(self, fault: Fault | None) -> SandboxResponse | None:
        """Return the response of a fault that replaces the service's own, or None."""
        if fault is None or fault.kind == "drop-reply":
            return None
        if fault.kind == "html":
            return SIGN_IN_PAGE_RESPONSE
        if fault.kind == "expire-token":
            return self.errors.build_unauthorized()
        return (
            self.errors.build_too_many_requests(_RETRY_AFTER_SECONDS)
            if fault.status == HTTPStatus.TOO_MANY_REQUESTS
            else self.errors.build_server_error(fault.status)
        )

    def _route_request(self, request: SandboxRequest) -> SandboxResponse:
        api_path = self._matcher.strip_base_path(request.path)
        if api_path is None:
            return self.errors.build_unknown_endpoint(request.method, request.path)
        upload = self._find_upload(request, api_path)
        if upload is not None and upload.upload is not None and not upload.upload.credential:
            return uploads.build_upload_response(upload)
        if not credentials.is_sign_in(self.connector, request.method, api_path) and not (
            credentials.is_authenticated(self.connector, request, self.clock.time())
            and self.authorization_server.accepts_token(request)
        ):
            return self.errors.build_unauthorized()
        if upload is not None:
            return uploads.build_upload_response(upload)
        if api_path.startswith(files.FILES_PATH) and request.method in ("GET", "HEAD"):
            return files.build_file_response(request)
        matches = self._matcher.find_matches(request)
        if not matches:
            return self.errors.build_unknown_endpoint(request.method, api_path)
        allowed_matches = [match for match in matches if request.method in match.route.methods]
        if not allowed_matches:
            return self.errors.build_method_not_allowed(
                sorted(set().union(*(match.route.methods for match in matches)))
            )
        return self._handle_once(request, allowed_matches)

    def _find_upload(self, request: SandboxRequest, api_path: str) -> Action | None:
        """Return the action whose file is sent by a request; None for any other request."""
        key = uploads.find_upload_key(api_path)
        action = self.connector.action(key) if key in self.connector.action_files else None
        has_method = action is not None and action.upload is not None and action.upload.method == request.method
        return action if has_method else None

    def _handle_once(self, request: SandboxRequest, matches: list[Match]) -> SandboxResponse:
        """Handle a request once per idempotency key; repeat its response afterwards."""
        idempotency = self.connector.manifest.idempotency
        key = find_idempotency_key(request, idempotency) if idempotency and request.method == "POST" else None
        if not key:
            return self._dispatch(request, matches)
        request_key = (key, request.path, hashlib.blake2b(request.body).digest())
        with self._lock:
            if request_key in self._idempotent_responses:
                return self._idempotent_responses[request_key]
            response = self._dispatch(request, matches)
            if response.status < HTTPStatus.BAD_REQUEST:  # a rejected request may be fixed and sent again
                self._idempotent_responses[request_key] = replace(response, changes=())
            if len(self._idempotent_responses) > _MAX_REMEMBERED_RESPONSES:
                self._idempotent_responses.popitem(last=False)
            return response

    def _dispatch(self, request: SandboxRequest, matches: list[Match]) -> SandboxResponse:
        """Run the first action that the request fits, or report the errors of the closest."""
        fewest_errors: dict[str, str] | None = None
        for match, action in list_candidates(request, matches):
            matched, errors = self._matcher.match(request, match, action)
            if not errors:
                return self._check_rate(matched) or self._execute(matched)
            fewest_errors = errors if fewest_errors is None or len(errors) < len(fewest_errors) else fewest_errors
        return (
            self.errors.build_invalid_request(list(fewest_errors.items()))
            if fewest_errors
            else self.errors.build_not_found(request.path)
        )

    def _check_rate(self, request: MatchedRequest) -> SandboxResponse | None:
        """Return a 429 when the request exceeds a rate limit, else None."""
        if self._rate_limiter is None or request.action is None:
            return None
        headers = self._rate_limiter.check_request(request.action, request.path_values, self.clock.time())
        return None if headers is None else self.errors.build_rate_limited(headers)

    def _execute(self, request: MatchedRequest) -> SandboxResponse:
        try:
            base_url = files.get_base_url(request.http_request, self.servers.base_path)
            response = files.rewrite_file_urls(self._handlers.handle(request), request.action, base_url)
            return uploads.set_upload_url(response, request.action, base_url)
        except RecordNotFound as error:
            return self.errors.build_not_found(str(error))
        except UnknownCursor as error:
            return self.errors.build_unknown_cursor(str(error))

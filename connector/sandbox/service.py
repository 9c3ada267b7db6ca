"""The stand-in service: a request comes in, an answer goes out."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections import OrderedDict
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from connector.runtime.clock import Clock, SystemClock
from connector.sandbox.api import files
from connector.sandbox.api import pagination as listing
from connector.sandbox.api.pagination import StaleCursor
from connector.sandbox.api.rate_limits import Rates
from connector.sandbox.api.router import Match, Routes
from connector.sandbox.api.validator import Checked, Checks
from connector.sandbox.data.collections import NoSuchThing, Things
from connector.sandbox.handlers import Fitting, Replies
from connector.sandbox.http import body_parser as bodies
from connector.sandbox.http.body_parser import Unreadable
from connector.sandbox.http.faults import Armed
from connector.sandbox.http.request import Incoming
from connector.sandbox.http.responses import REFUSED, WEB_PAGE, Answer, Refusals
from connector.sandbox.oauth import credentials
from connector.sandbox.oauth.server import Authority, trouble

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.sandbox.data.issued_tokens import Terms
    from connector.sandbox.data.state import Data, State
    from connector.sandbox.events.emitter import Emitter
    from connector.sandbox.http.faults import Fault
    from connector.sandbox.oauth.endpoints import Role

_RETRY_AFTER = 1  # seconds
_REMEMBERED = 1_000  # answers to requests that carried an idempotency key


class Service:
    """A stand-in for the service of any connector, from its definitions; safe to share among threads.

    `Service(connector, state)`; `faults` are what goes wrong, from `faults.parse`; a server waits on `clock` before a
    slow answer, and tokens live by it. `terms` say how tokens are given, where the connector's kinds of connection
    need any; an `emitter` sends the events of changes; with a `plan` its rates are kept. The connector's files are read
    once, when the first request comes. Raises UsageError for an unknown plan.
    """

    def __init__(
        self,
        connector: Connector,
        state: State,
        faults: Iterable[Fault] = (),
        clock: Clock | None = None,
        *,
        terms: Terms | None = None,
        emitter: Emitter | None = None,
        plan: str | None = None,
    ) -> None:
        self.connector = connector
        self.state = state
        state.fresh = self._fresh
        self.clock: Clock = clock or SystemClock()
        self.authority = Authority(connector, state, self.clock, terms)
        self.base_path = urlsplit(connector.manifest.base_url).path.rstrip("/")
        self.emitter = emitter
        self._rates = None if plan is None else Rates(connector, plan)
        self._armed = Armed(faults)
        self._refusals = Refusals(connector.manifest)
        self._checks: dict[str, Checks] = {}
        self._done: OrderedDict[tuple[str, str, bytes], Answer] = OrderedDict()
        self._lock = threading.Lock()
        self._count = itertools.count(1)
        self._tracking = (connector.manifest.errors.tracking or "").partition(".")[2].lower()

    @cached_property
    def _routes(self) -> Routes:
        return Routes(self.connector)

    @cached_property
    def _things(self) -> Things:
        return Things(self.connector, self._routes)

    @cached_property
    def _replies(self) -> Replies:
        emits = self.connector.manifest.sandbox.emits if self.emitter else {}
        return Replies(self._things, self.state, emits, loops=self._armed.loops)

    def _fresh(self) -> Data:
        return self._things.fresh()

    def handle(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
        """Answer a request: its method, path and query as on the request line, headers and body.

        Raises StoreError when the state cannot be kept, DefinitionError when a file of the connector is wrong.
        """
        request = Incoming.of(method, target, headers, body)
        role = self.authority.endpoints.role(request.path)
        answer = self._given(role, request) if role else self._served(request)
        return answer.bodiless() if request.method == "HEAD" else answer

    def tell(self, answer: Answer) -> None:
        """Let events be sent of what an answer's request changed; for whoever has sent the answer."""
        if self.emitter is not None:
            self.emitter.tell(answer.happened)

    def _given(self, role: Role, request: Incoming) -> Answer:
        """Answer a request to the authority; faults of tokens meet those for a token."""
        if role != "token":
            return self.authority.answer(role, request)
        fault = self._armed.take("token")
        if fault is not None and fault.kind == "token-5xx":
            answer = trouble(503, "temporarily_unavailable", "Tokens cannot be given now.")
        elif fault is not None and fault.kind == "invalid-grant":
            answer = trouble(400, "invalid_grant", "Invalid token.")
        else:
            answer = self.authority.answer(role, request)
        lost = fault is not None and fault.kind == "drop-token-reply"
        return replace(answer, fate="lost" if lost else answer.fate, delay=self._armed.delay("token"))

    def _served(self, request: Incoming) -> Answer:
        """Answer a request to the API."""
        fault = self._armed.take()
        if fault is not None and fault.kind == "refuse":
            return REFUSED
        answer = self._fault(fault) or self._answer(request)
        if fault is not None and fault.kind == "drop-reply":
            answer = replace(answer, fate="lost")
        if self._tracking:
            answer = replace(answer, headers=(*answer.headers, (self._tracking, f"sandbox-{next(self._count)}")))
        return replace(answer, delay=self._armed.delay())

    def _fault(self, fault: Fault | None) -> Answer | None:
        """Return the answer of a fault that takes the place of the service's own."""
        if fault is None or fault.kind == "drop-reply":
            return None
        if fault.kind == "html":
            return WEB_PAGE
        if fault.kind == "expire-token":
            return self._refusals.unsigned()
        return self._refusals.too_many(_RETRY_AFTER) if fault.status == 429 else self._refusals.down(fault.status)  # noqa: PLR2004

    def _answer(self, request: Incoming) -> Answer:
        below = request.path.removeprefix(self.base_path)
        if not request.path.startswith(f"{self.base_path}/"):
            return self._refusals.missing(request.path)
        if not (credentials.accepted(self.connector, request, self.clock.time()) and self.authority.admits(request)):
            return self._refusals.unsigned()
        if below.startswith(files.PATH) and request.method in ("GET", "HEAD"):
            return files.served(request)
        matches = self._routes.find(below)
        if not matches:
            return self._refusals.missing(below)
        taken = [match for match in matches if request.method in match.route.methods]
        if not taken:
            return self._refusals.wrong_method(sorted(set().union(*(match.route.methods for match in matches))))
        return self._once(request, taken)

    def _once(self, request: Incoming, matches: list[Match]) -> Answer:
        """Answer, and answer alike when a request comes again with the same idempotency key."""
        declared = self.connector.manifest.idempotency
        key = request.headers.get(declared.header.lower()) if declared and request.method == "POST" else None
        if not key:
            return self._judged(request, matches)
        named = (key, request.path, hashlib.blake2b(request.body).digest())
        with self._lock:
            if named in self._done:
                return self._done[named]
            answer = self._judged(request, matches)
            if answer.status < 400:  # noqa: PLR2004  what was refused may be put right and come again
                self._done[named] = replace(answer, happened=())
            if len(self._done) > _REMEMBERED:
                self._done.popitem(last=False)
            return answer

    def _judged(self, request: Incoming, matches: list[Match]) -> Answer:
        """Answer by the first action of the path that the request fits, or tell what is wrong with it."""
        least: dict[str, str] | None = None
        for match, action in _candidates(request, matches):
            if match.subaccount and action is not None and not action.subaccount:
                continue
            asked, wrong = self._read(request, match, action)
            if not wrong:
                return self._limited(asked) or self._done_for(asked)
            least = wrong if least is None or len(wrong) < len(least) else least
        return self._refusals.invalid(list(least.items())) if least else self._refusals.missing(request.path)

    def _limited(self, asked: Fitting) -> Answer | None:
        """Return the refusal of a request that is one more than a rate allows."""
        if self._rates is None or asked.action is None:
            return None
        headers = self._rates.exceeded(asked.action, asked.values, self.clock.time())
        return None if headers is None else self._refusals.limited(headers)

    def _done_for(self, asked: Fitting) -> Answer:
        try:
            base = files.base_url(asked.request, self.base_path)
            return files.pointed(self._replies.answer(asked), asked.action, base)
        except NoSuchThing as error:
            return self._refusals.missing(str(error))
        except StaleCursor as error:
            return self._refusals.stale_cursor(str(error))

    def _read(self, request: Incoming, match: Match, action: Action | None) -> tuple[Fitting, dict[str, str]]:
        """Return a request as an action sees it, and what is wrong with it."""
        if action is None:
            values = tuple(map(unquote, match.segments))
            checked, words = _unchecked(request), None
        else:
            checks = self._checks_of(action)
            values, words = checks.values(match.segments), checks.words
            checked = checks.read(request, match.segments)
        wrong = dict(checked.wrong)
        example = action.returns.example if action else None
        window = listing.window(words, request, checked.sent, example, wrong) if words else None
        return Fitting(request, match.route, values, action, checked.sent, words, window), wrong

    def _checks_of(self, action: Action) -> Checks:
        checks = self._checks.get(action.action)
        if checks is None:
            checks = self._checks[action.action] = Checks(self.connector, action)
        return checks


def _candidates(request: Incoming, matches: list[Match]) -> list[tuple[Match, Action | None]]:
    method = "GET" if request.method == "HEAD" else request.method
    return [(match, action) for match in matches for action in match.route.actions.get(method) or (None,)]


def _unchecked(request: Incoming) -> Checked:
    try:
        return Checked(bodies.read_any(request).tree)
    except Unreadable as error:
        return Checked({}, {error.name: error.why})

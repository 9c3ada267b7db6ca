"""The bytes of a file, sent to the URL that a reply names: once, and only to a host of the service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.core import url_policy
from connector.core.exchange import exchange
from connector.core.inputs.named_file import unwrap_file
from connector.core.json_path import get_from_reply
from connector.core.request.body import Body
from connector.core.request.builder import Request
from connector.core.request.file_facts import guess_type
from connector.core.response import redirects
from connector.core.response.parser import ResponseParser
from connector.definition.action import Action
from connector.definition.replies.returns import Returns
from connector.errors import ApiError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Generator

    from connector.core.exchange.asks import Answer, Ask, ExchangeOptions
    from connector.core.exchange.plan import CompiledAction
    from connector.core.response.result import Result
    from connector.definition.replies.upload import Upload


@dataclass(frozen=True, slots=True)
class FileUpload:
    """A file that is sent after a request, to the URL that its reply names; `key` is the input that has it."""

    key: str
    file: Any

    def send(
        self, start: tuple[CompiledAction, Request, ExchangeOptions], started: Result, deadline: float, now: float
    ) -> Generator[Ask, Answer, tuple[float, Result]]:
        """Send the bytes; return the time and the result. Raises ConnectorError, with what is known of this step."""
        plan, request, options = start
        words = plan.action.upload
        assert words is not None
        upload = self._build_request(plan, words, request, started)
        policy = replace(options.policy, idempotency_key=None)  # the key went with the request before, not with these
        options = replace(options, policy=policy, rates=())
        return (yield from exchange.run_timed(_compile_upload(plan, words), upload, options, deadline, now))

    def _build_request(self, plan: CompiledAction, words: Upload, start: Request, started: Result) -> Request:
        """Return the request of the bytes. Raises ApiError for a URL that is none, or at a foreign host."""
        target = get_from_reply(started.data, started.headers.get, words.url)
        url = redirects.resolve_location(start.url, target) if isinstance(target, str) and target else None
        origin = None if url is None else url_policy.parse_origin(url)
        if url is None or origin is None:
            raise _refuse(started, f"the reply has no URL of https at {words.url}")
        hosts = start.allowed_hosts or plan.connector.manifest.allowed_hosts
        if origin != url_policy.parse_origin(start.base_url) and not url_policy.may_receive_credentials(url, hosts):
            raise _refuse(started, f"the reply names {origin.host}, which is none of {', '.join(hosts)}")
        file, path = unwrap_file(self.file), url[len(origin.text) :]
        return Request(
            words.method,
            path if path.startswith("/") else f"/{path}",
            body=Body("binary", file.data, guess_type(file.name or self.key)),
            reply_type=_choose_returns(plan.action, words).type,
            base_url=origin.text,
            max_bytes=words.returns.max_bytes,
            secrets=(*start.secrets, *redirects.extract_access(url)),
            redactor=start.redactor,
            sends_credential=words.credential,
            allowed_hosts=start.allowed_hosts,
            keeps_url=True,
        )


def _compile_upload(plan: CompiledAction, words: Upload) -> CompiledAction:
    """Return the plan of the bytes: a write that is never repeated, whatever its method."""
    action = Action(
        action=plan.action.action,
        label=plan.action.label,
        summary=plan.action.summary,
        request=f"{words.method} /",
        idempotent=False if words.method == "PUT" else None,
        returns=_choose_returns(plan.action, words),
    )
    return replace(plan, action=action, parser=ResponseParser(plan.connector, action), pagination=None)


def _choose_returns(action: Action, words: Upload) -> Returns:
    """Return what the reply to the bytes is read as: where another call follows, its status alone counts."""
    return words.returns if action.then is None else Returns(type="text")


def _refuse(started: Result, reason: str) -> ApiError:
    """Return the error of a file that was not sent; the reply may have a URL that grants access, so it is left out."""
    message = f"The file was not sent: {reason}."
    hint = "Check `upload.url` of the action, and `allowed_hosts` of the manifest."
    error = ApiError(message, status=started.status, request_id=started.request_id, hint=hint)
    error.outcome = "rejected"
    return error

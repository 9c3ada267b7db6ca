"""Ask the person before something is destroyed: through the client where it can ask, else by an argument."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

from mcp import types
from mcp.shared.exceptions import MCPError
from mcp.types.version import MODERN_PROTOCOL_VERSIONS

from connector.integrations.mcp.answers import build_refusal
from connector.integrations.mcp.arguments import CONFIRM

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

_QUESTION = "confirm"
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"yes": {"type": "boolean", "title": "Do it", "description": "Whether to send this request."}},
    "required": ["yes"],
}
_DECLINED = "The person did not agree. Nothing was sent."


class Confirmation:
    """Asks before a request is sent. An answer counts for the call that was asked about, and for no other."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    async def ask(
        self,
        context: ServerRequestContext[Any],
        params: types.CallToolRequestParams,
        request_line: str,
        *,
        confirmed: bool,
    ) -> types.CallToolResult | types.InputRequiredResult | None:
        """Return None once the person agreed, else what to answer instead; `confirmed` is what the agent says."""
        message = f"This may destroy something: {request_line}. Send it?"
        if not _can_ask(context):
            hint = f"Ask the person, then repeat the call with {CONFIRM}: true."
            return (
                None
                if confirmed
                else build_refusal(f"This may destroy something: {request_line}. {hint} Nothing was sent.")
            )
        if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return self._ask_by_result(params, message)
        try:
            said = await context.session.elicit_form(message, _SCHEMA, related_request_id=context.request_id)
        except MCPError:
            return build_refusal("The person could not be asked. Nothing was sent.")
        return None if _is_yes(said) else build_refusal(_DECLINED)

    def _ask_by_result(
        self, params: types.CallToolRequestParams, message: str
    ) -> types.CallToolResult | types.InputRequiredResult | None:
        """Ask in the place of a result; the client repeats the call with the answer (protocol 2026-07-28)."""
        state = self._sign(params)
        responses = params.input_responses or {}
        if _QUESTION in responses and hmac.compare_digest(params.request_state or "", state):
            return None if _is_yes(responses[_QUESTION]) else build_refusal(_DECLINED)
        form = types.ElicitRequestFormParams(message=message, requested_schema=_SCHEMA)
        return types.InputRequiredResult(
            input_requests={_QUESTION: types.ElicitRequest(params=form)}, request_state=state
        )

    def _sign(self, params: types.CallToolRequestParams) -> str:
        call = json.dumps([params.name, params.arguments or {}], sort_keys=True)
        return hmac.new(self._key, call.encode(), hashlib.sha256).hexdigest()


def _can_ask(context: ServerRequestContext[Any]) -> bool:
    """Whether the client shows forms; one that says neither form nor URL means forms."""
    capabilities = context.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def _is_yes(answer: Any) -> bool:
    return (
        isinstance(answer, types.ElicitResult)
        and answer.action == "accept"
        and (answer.content or {}).get("yes") is True
    )

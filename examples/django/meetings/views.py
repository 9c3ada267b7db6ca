"""The views. Here the path names the tenant; in your application, the session of who is logged in does."""

from __future__ import annotations

import hmac
import json
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from connector import begin_sign_in, finish_sign_in
from meetings.models import StartedMeeting
from meetings.service import STORE, ZOOM, get_client, get_oauth_inputs


@require_GET
def connect(request: HttpRequest, tenant: str) -> HttpResponse:
    """Send a person to consent; the session remembers which browser that was."""
    begun = begin_sign_in(
        ZOOM, name=tenant, redirect_uri=f"{settings.ORIGIN}/callback", store=STORE, inputs=get_oauth_inputs()
    )
    request.session["sign_in"] = begun.state
    return HttpResponseRedirect(begun.url)


@require_GET
def finish(request: HttpRequest) -> HttpResponse:
    """Fetch and keep the tokens, if the browser that comes back is the one that was sent."""
    begun, state = request.session.pop("sign_in", ""), request.GET.get("state", "")
    if not begun or not hmac.compare_digest(begun.encode(), state.encode()):
        return HttpResponseForbidden("This sign-in began in another browser.\n")
    connection = finish_sign_in(ZOOM, request.build_absolute_uri(), store=STORE)
    return HttpResponseRedirect(f"{settings.ORIGIN}/{quote(connection.name, safe='')}/meetings")


@csrf_exempt  # an API with JSON; a form of yours keeps its token
@require_http_methods(["GET", "POST"])
def meetings(request: HttpRequest, tenant: str) -> HttpResponse:
    """List the tenant's meetings, or create one from a JSON object of inputs."""
    client = get_client()
    if request.method == "GET":
        return JsonResponse(list(client.items("listMeetings", {"userId": "me"}, connection=tenant)), safe=False)
    given = {**json.loads(request.body), "userId": "me"}
    made = client.run("createMeeting", given, connection=tenant, timeout="20s").data
    return JsonResponse({"id": made["id"], "join_url": made["join_url"]}, status=201)


@require_GET
def started(_: HttpRequest) -> HttpResponse:
    """List the topics of the meetings that were started."""
    return JsonResponse([str(meeting) for meeting in StartedMeeting.objects.order_by("at")], safe=False)

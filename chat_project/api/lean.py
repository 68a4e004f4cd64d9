"""DRF's view sets for endpoints that are called thousands of times a minute.

What DRF does for any request (its own request object, negotiation, versions, throttles, a response
that is rendered later) costs more than our own work on a text; these actions go without it.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.viewsets import ViewSet
from typing_extensions import override

from chat_project.api.authentication import JwtAuthentication
from chat_project.api.envelope import encode
from chat_project.api.errors import NotAuthenticated
from chat_project.api.exceptions import handle
from chat_project.api.renderers import JSON, EnvelopeRenderer
from chat_project.api.tokens import TokenUser

_authenticate = JwtAuthentication().authenticate


def answer(data: Any) -> HttpResponse:
    """200 with the data in the envelope."""
    return HttpResponse(encode(data=data), content_type=JSON)


class LeanViewSet(ViewSet):
    """Actions named in `lean` get Django's own request, with its `user`, and use `answer`.

    Token, errors and envelope are those of every other action.
    """

    lean: ClassVar[frozenset[str]] = frozenset()

    def check_request(self, user: TokenUser, request: HttpRequest) -> None:
        """Raises ApiError for a request that no lean action takes."""

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        action = self.action_map.get((request.method or "").lower())
        if action not in self.lean:
            return super().dispatch(request, *args, **kwargs)
        try:
            authenticated = _authenticate(request)
            if authenticated is None:
                raise NotAuthenticated("A bearer token is required")
            request.user = authenticated[0]  # type: ignore[assignment]  # DRF does the same
            self.check_request(authenticated[0], request)
            handler: Callable[..., HttpResponseBase] = getattr(self, action)
            return handler(request, *args, **kwargs)
        except Exception as error:  # DRF's own door does the same: one handler for all
            return self._refused(error)
        finally:
            # DRF has set the handlers on the view: a circle that only the collector would free.
            for method in self.action_map:
                delattr(self, method)

    def _refused(self, error: Exception) -> HttpResponseBase:
        response = handle(error, {"view": self})
        response.accepted_renderer = EnvelopeRenderer()
        response.accepted_media_type = JSON
        response.renderer_context = {}  # type: ignore[attr-defined]  # DRF's stubs leave it out
        return response

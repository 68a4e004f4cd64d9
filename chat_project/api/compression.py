"""gzip for large JSON answers of the API, by Django's own middleware.

BREACH guesses a secret (here: a signed link to a file) from the sizes of compressed answers that
hold it beside a text of the attacker. It needs a browser that sends the victim's credentials by
itself: ours are a header that no foreign page can set. Pages with cookies and form tokens are not
compressed; Django also adds up to 100 random bytes to each answer.
"""

from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from chat_project.api.renderers import JSON

MIN_BYTES = 1_400
"""What fits into one packet is not worth the processor's time."""


def compress(request: HttpRequest, response: HttpResponseBase) -> None:
    """Compresses the answer to a GET in place, if it is large and the client says it can read it."""
    if (
        request.method == "GET"
        and isinstance(response, HttpResponse)
        and response.headers.get("Content-Type") == JSON
        and len(response.content) >= MIN_BYTES
    ):
        _gzip.process_response(request, response)


def _answer(_request: HttpRequest) -> HttpResponse:
    raise NotImplementedError("only process_response is used")


_gzip = GZipMiddleware(_answer)

"""Pages of other origins that may ask from a browser (CORS): those that the configuration names, exactly.

In: `server.cors`. Out: the headers by which a browser lets such a page see our answers. Nothing of it opens anything to
a request: who may do what is said by the token in its header. Cookies are not let in from other origins.
"""

from flask import Flask, Response
from flask_cors import CORS

from crud.definitions.config import Config

# What a page may read of an answer, besides its body.
EXPOSED = ("Allow", "ETag", "Retry-After", "Server-Timing", "WWW-Authenticate", "X-Request-Id")
SECONDS = 600


def install(app: Flask, config: Config) -> None:
    """Answer the questions of browsers before they let a page of these origins ask; none: nothing is done."""
    origins = list(config.server.cors)
    if not origins:
        return
    CORS(
        app,
        origins=origins,
        expose_headers=EXPOSED,
        max_age=SECONDS,
        always_send=False,
        intercept_exceptions=False,  # refusals are ordinary answers here
    )
    app.after_request(_vary)


def _vary(response: Response) -> Response:
    """What was kept for one origin is nothing for another."""
    response.vary.add("Origin")
    return response

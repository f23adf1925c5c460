"""The pages under `/docs`, and `/openapi.json`: what a caller may do, to be read and tried in a browser.

In: Flask's request, and who is calling by a header or a cookie. Out: the start page with every resource and its
endpoints in each dialect, Swagger UI over the document of one, and their files, all from here: no page needs another
host, and none has a script or a style in its text.
"""

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Flask, Response, make_response, render_template, request, send_from_directory
from flask.typing import ResponseReturnValue

from crud.errors import ApiError
from crud.system import called
from crud.web.dialect import context, reader, served
from crud.web.documents import Endpoint, cookies, described, document_for, give_document, recognise
from crud.web.recognising import bearer

DOCS = Blueprint("docs", __name__, url_prefix="/docs", template_folder="templates")
OWN = Path(__file__).parent / "static"
SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
CACHED = 3600  # seconds
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ENDED = "What was shown to say who is calling is not good any more. Sign in again, or open this page without it."
Ways = dict[str, list[Endpoint]]


def install(app: Flask) -> None:
    """Serve the pages and the documents."""
    app.add_url_rule("/openapi.json", view_func=give_document)
    app.register_blueprint(DOCS)


@DOCS.after_request
def _guard(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response


@DOCS.get("")
def start() -> ResponseReturnValue:
    """Every resource that the caller may use, with its endpoints in each dialect."""
    reader().finish()
    try:
        recognise()
    except ApiError as error:
        if error.kind != "invalid_token":
            raise
        return _ended()
    known = described(served())
    found = {name: document_for(served(), context(), name, request.script_root).endpoints for name in known}
    titles = {name: dialect.description.title for name, dialect in known.items() if dialect.description}
    server = context().snapshot.config.server.name
    return render_template("start.html", server=server, titles=titles, caller=_who(), **_tables(found))


@DOCS.get("/<dialect>")
def swagger(dialect: str) -> ResponseReturnValue:
    """Swagger UI over the document of a dialect. It fetches it as whoever the page is authorised as."""
    reader().finish()
    known = described(served())
    if dialect not in known:
        raise ApiError("unknown_path", "Not Found")
    return render_template("swagger.html", dialect=dialect, title=_title(dialect), root=request.script_root)


@DOCS.get("/static/<name>")
def own_file(name: str) -> ResponseReturnValue:
    """A script or style of ours."""
    return send_from_directory(OWN, name, max_age=CACHED)


@DOCS.get("/swagger-ui/<name>")
def swagger_file(name: str) -> ResponseReturnValue:
    """A file of Swagger UI, as the package has it."""
    found = find_spec("flask_swagger_ui")
    if name not in SWAGGER or found is None or found.origin is None:
        raise ApiError("unknown_path", "Not Found")
    return send_from_directory(Path(found.origin).parent / "dist", name, max_age=CACHED)


# ---------------------------------------------------------------- what the start page shows


def _tables(found: Mapping[str, Iterable[Endpoint]]) -> dict[str, object]:
    """Resource → dialect → endpoints, and the fixed routes of each dialect."""
    resources: dict[str, Ways] = {}
    fixed: Ways = {}
    for dialect, endpoints in found.items():
        for each in endpoints:
            if each.resource:
                resources.setdefault(each.resource, {}).setdefault(dialect, []).append(each)
            else:
                fixed.setdefault(dialect, []).append(each)
    catalog = context().snapshot.catalog
    named = sorted(
        ((called(catalog.resource(name)), ways) for name, ways in resources.items()), key=lambda pair: pair[0]
    )
    return {"resources": named, "fixed": fixed}


def _who() -> str:
    """Who is calling, in words."""
    actor = context().actor
    if actor.id is None:
        return "Nobody is signed in: this is what anybody may do."
    return f"Signed in as {actor.account.get('email') or actor.id}: this is what you may do."


def _title(dialect: str) -> str:
    found = described(served())[dialect].description
    return found.title if found else dialect


def _ended() -> Response:
    """A page for who shows what is good no more; a cookie of that kind is taken back."""
    response = make_response(render_template("ended.html", said=ENDED), 401)
    response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if bearer() is None:
        for name in cookies():
            response.delete_cookie(name, path=request.script_root or "/")
    return response

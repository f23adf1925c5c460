"""A bare Flask route: the ceiling for anything that Flask and gunicorn serve."""

from flask import Flask, Response

application = Flask(__name__)


@application.get("/")
def hello() -> Response:
    """Answer a constant."""
    return Response(b'{"ok":true}', mimetype="application/json")

"""Where dialects are mounted, and who answers a request: usually one dialect, under `/auth` the two that share it.

In: what dialects declare (`Dialect`, `Mount`), Flask's request. Out: `Served`, what the application serves by path;
`speaking()`, whose envelopes an answer must satisfy; `merged()`, the superset of their bodies.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from flask import Blueprint, current_app, g, request

from crud.errors import ApiError
from crud.openapi.description import Description
from crud.snapshots.state import State

Render = Callable[[ApiError], tuple[object, int]]
Body = Mapping[str, object]
V = TypeVar("V", bound=Callable[..., Any])


@dataclass(frozen=True)
class Dialect:
    """A wire dialect: its name, its mounts (blueprints with a default path), how it words a refusal, and what it says
    of itself in OpenAPI."""

    name: str
    mounts: tuple["Mount", ...]
    render_error: Render
    description: Description | None = None


@dataclass(frozen=True)
class Mount:
    """One path of a dialect and the routes below it. `cookie` names a cookie that may carry the token there.

    `render_error`: how a refusal is worded there, if not as in the rest of the dialect. `door`: its views look at
    tokens themselves (`identify`), since a stale one must keep nobody from signing in.
    """

    path: str
    blueprint: Blueprint
    cookie: str | None = None
    render_error: Render | None = None
    door: bool = False


def mount(
    dialect: str, path: str, *, cookie: str | None = None, render_error: Render | None = None, door: bool = False
) -> Mount:
    """A mount to hang routes on: `@API.blueprint.get("/<name>")`. Its requests get a context before a view runs."""
    name = f"{dialect}:{path.strip('/').replace('/', '-')}"
    return Mount(path, Blueprint(name, __name__), cookie, render_error, door)


@dataclass(frozen=True)
class Mounted:
    """A mount where it is actually served, and its dialect."""

    at: str
    mount: Mount
    dialect: Dialect

    @property
    def render_error(self) -> Render:
        """How a refusal is worded here."""
        return self.mount.render_error or self.dialect.render_error


@dataclass(frozen=True)
class Served:
    """What the application serves: dialects by their actual mounts, longest first."""

    state: State
    mounts: tuple[Mounted, ...]

    def sharing(self, path: str) -> tuple[Mounted, ...]:
        """The mounts whose place is the longest prefix of a path: several dialects may share one."""
        below = f"{path}/"
        return next((sharing for at, sharing in self._places if below.startswith(at)), ())

    @cached_property
    def _places(self) -> tuple[tuple[str, tuple[Mounted, ...]], ...]:
        """Who is mounted where, longest first."""
        places = dict.fromkeys(each.at for each in self.mounts)
        return tuple((f"{at}/", tuple(each for each in self.mounts if each.at == at)) for at in places)

    def cookie_of(self, path: str) -> str | None:
        """The cookie that may carry a token to this path."""
        return next((each.mount.cookie for each in self.sharing(path)), None)


def served() -> Served:
    """What this application serves."""
    found: Served = current_app.extensions["dragoman"]
    return found


# ---------------------------------------------------------------- whose envelope


def shared(view: V) -> V:
    """A view that belongs to all dialects that are mounted at its path: its refusals have all their members."""
    view.shared = True  # type: ignore[attr-defined]
    return view


def reads(view: V) -> V:
    """A view of a method that writes elsewhere, and reads here: what it reads can be explained."""
    view.reads = True  # type: ignore[attr-defined]
    return view


def speaking() -> tuple[Mounted, ...]:
    """Who answers this request: the dialect whose view was found; all at its path, where they share the view, or where
    there is none."""
    found: tuple[Mounted, ...] = g.get("speaking") or served().sharing(request.path)
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "shared", False):
        return found
    return tuple(each for each in found if each.mount.blueprint.name == request.blueprint) or found


def speak_as(speakers: Iterable[Mounted]) -> None:
    """The request has told which of the dialects that share its path it means."""
    g.speaking = tuple(speakers)


def merged(bodies: Iterable[Body]) -> Body:
    """The superset of several dialects' answers; what two of them say differently is as the first says it."""
    made: dict[str, object] = {}
    for body in bodies:
        for name, value in body.items():
            mine = made.setdefault(name, value)
            if isinstance(mine, Mapping) and isinstance(value, Mapping):
                made[name] = {**value, **mine}
    return made


def joined(answers: Sequence[tuple[object, int]]) -> tuple[object, int]:
    """One refusal for several dialects. Of two codes for one failure the lower is the right one: 401, not 403."""
    if len(answers) == 1:
        return answers[0]
    bodies = [body for body, _ in answers if isinstance(body, Mapping)]
    return merged(bodies), min(status for _, status in answers)

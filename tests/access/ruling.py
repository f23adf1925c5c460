"""How the tests of rules write a rule, and ask who sees what."""

from typing import Any

from flask.testing import FlaskClient

from tests.dialects.conftest import Fresh, Token, headers_of
from tests.newcomers import create_account

ANN = "5081778e-c036-5085-8adb-6f1892daaa73"  # Test User


def role_id(fresh: Fresh, name: str) -> str:
    """The id of a role, by its stored name."""
    return str(fresh.rows("SELECT id FROM _dragoman_roles WHERE name = ?", name)[0][0])


def rule(fresh: Fresh, collection: str = "customers", action: str = "read", role: str = "user", **said: Any) -> Any:
    """A permission as `POST /permissions` takes it."""
    return {"role_Id": role_id(fresh, role), "collection": collection, "action": action, **said}


def permit(fresh: Fresh, collection: str = "customers", action: str = "read", role: str = "user", **said: Any) -> str:
    """Make a rule; its id."""
    answer = fresh.client.post("/permissions", json=rule(fresh, collection, action, role, **said), headers=fresh.admin)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return str(answer.json["id"])


def items(client: FlaskClient, headers: Token, path: str) -> Any:
    """The rows of a list of Baasix; the status where it is refused."""
    answer = client.get(f"/items/{path}", headers=headers)
    return answer.json["data"] if answer.status_code == 200 else answer.status_code


def person(fresh: Fresh, *roles: str) -> Token:
    """The headers of a new account with these roles, which are made."""
    with fresh.app.app_context():
        email = f"{'-'.join(roles)}@example.com"
        create_account(fresh.snapshot.system, email=email, password_hash="x", roles=roles)
        return headers_of(fresh.snapshot, email)

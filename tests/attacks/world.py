"""A world full of secrets: hidden columns of every type, hidden and forbidden resources, rows that a rule hides.

`MARKS` are the texts of everything that the role `user` may never see, wherever an answer might show it.
"""

from collections.abc import Iterator

from flask import Flask

from crud.identity import accounts
from crud.identity.passwords import hash_password
from crud.web.dialect import served
from tests.newcomers import create_account

CONFIG = """
sources:
  default: {database: "${DATABASE_URL}"}
auth: {secret: "${DRAGOMAN_SECRET}"}
schemas:
  main:
    source: default
    entities:
      teams:
        fields:
          id: {type: integer, key: true}
          name: {type: string, required: true}
          code: {type: string}
          budget: {type: decimal, precision: 12, scale: 2}
        rules:
          - {role: user, actions: [read], fields: ["*", "-budget"]}
      people:
        fields:
          id: {type: integer, key: true}
          name: {type: string, required: true}
          age: {type: integer}
          meta: {type: json}
          born: {type: date}
          team_id: {type: integer, references: teams}
          secret: {type: string}
          pinnum: {type: integer}
          docket: {type: json}
          hiring: {type: date}
          salary: {type: decimal, precision: 12, scale: 2}
          labels: {type: array, items: string}
          spying: {type: boolean}
          phrase: {type: string, write_only: true}
          retired: {type: boolean, required: true, default: false}
        rules:
          - role: user
            actions: [read]
            fields: ["*", "-secret", "-pinnum", "-docket", "-hiring", "-salary", "-labels", "-spying"]
          - {role: user, actions: [read], where: {retired: true}, allow: false}
      notes:
        fields:
          id: {type: integer, key: true}
          person_id: {type: integer, required: true, references: people}
          body: {type: text, required: true}
          draft: {type: boolean, required: true, default: false}
          remark: {type: text}
        rules:
          - {role: user, actions: [read], fields: [id, person_id, body], where: {draft: false}}
      vaults:
        hidden: true
        fields:
          id: {type: integer, key: true}
          person_id: {type: integer, references: people}
          pin: {type: string}
      ledgers:
        fields:
          id: {type: integer, key: true}
          person_id: {type: integer, references: people}
          amount: {type: integer}
      blanks:
        fields:
          id: {type: integer, key: true}
          name: {type: string}
        rules:
          - {role: user, actions: [read], fields: []}
      grants:
        fields:
          id: {type: integer, key: true}
          name: {type: string}
          code: {type: string}
          kind: {type: string}
        rules:
          - {role: user, actions: [read]}
          - {role: user, actions: [read], fields: [code], allow: false}
          - {role: user, actions: [read], where: {kind: closed}, allow: false}
      shut:
        fields:
          id: {type: integer, key: true}
          name: {type: string}
        rules:
          - {role: user, actions: [read]}
          - {role: user, actions: [read], allow: false}
      shares:
        fields:
          id: {type: integer, key: true}
          person_id: {type: integer, references: people}
          note: {type: string}
        rules:
          - {role: user, actions: [read], where: {person.team.code: A}}
      mine:
        fields:
          id: {type: integer, key: true}
          owner: {type: string}
        rules:
          - {role: user, actions: [read], where: {owner: $CURRENT_USER.name}}
      news:
        fields:
          id: {type: integer, key: true}
          title: {type: string, required: true}
        rules:
          - {role: anon, actions: [read]}
          - {role: user, actions: [read]}
rules:
  - {role: user, resource: grants, actions: [read], fields: [id, name, code, kind]}
"""

MARKS = ("SECRETMARK", "918273645", "2077-07-07", "5463728.19", "SECRETDOC", "DRAFTMARK", "GHOSTMARK")
PEOPLE, GHOST = 200, 900
# A name that would end a text in SQL, and one that would widen a condition.
QUOTED_NAME = "alice' or 1 eq 1 or '1'='1"

_PERSON = "INSERT INTO people (id, name, age, meta, born, team_id, retired) VALUES (?, ?, ?, ?, ?, ?, ?)"
_SECRET = "UPDATE people SET secret = ?, pinnum = ?, docket = ?, hiring = ?, salary = ?, spying = ?, phrase = ?"


def statements() -> Iterator[tuple[str, tuple[object, ...]]]:
    """Every row of the world."""
    yield "INSERT INTO teams (id, name, code, budget) VALUES (1, 'Alpha', 'A', 5463728.19), (2, 'Beta', 'B', 7)", ()
    for number in range(1, PEOPLE + 1):
        meta = '{"level": 4, "a b": {"c": [1, 2]}}' if number == 1 else '{"level": 1}'
        team = 1 if number <= 150 else 2
        yield _PERSON, (number, f"Person {number:03}", number % 50, meta, "1990-01-02", team, False)
    yield _PERSON, (GHOST, "GHOSTMARK", 44, "{}", "1990-01-02", 1, True)
    yield _PERSON, (950, "100% _sure_ \\ 'quoted' \"twice\"", 44, "{}", "1990-01-02", 2, False)
    yield _SECRET, ("SECRETMARK", 918273645, '{"k": "SECRETDOC"}', "2077-07-07", "5463728.19", True, "SECRETMARK")
    yield "UPDATE people SET secret = 'SECRETMARK low', pinnum = 1 WHERE id BETWEEN 2 AND 90", ()
    for number in range(1, 6):
        text = "INSERT INTO notes (id, person_id, body, draft, remark) VALUES (?, ?, ?, ?, 'SECRETMARK')"
        yield text, (number, 1, f"Open {number}", False)
        yield text, (number + 100, 1, f"DRAFTMARK {number}", True)
    note = "INSERT INTO notes (id, person_id, body, draft, remark) VALUES (?, ?, ?, ?, 'SECRETMARK')"
    yield note, (50, GHOST, "By a ghost", False)
    yield note, (51, 2, "DRAFTMARK only", True)
    yield "INSERT INTO vaults (id, person_id, pin) VALUES (1, 1, 'SECRETMARK'), (2, 2, 'SECRETMARK')", ()
    yield "INSERT INTO ledgers (id, person_id, amount) VALUES (1, 1, 918273645)", ()
    yield "INSERT INTO blanks (id, name) VALUES (1, 'SECRETMARK'), (2, 'SECRETMARK')", ()
    yield "INSERT INTO grants (id, name, code, kind) VALUES (1, 'One', 'SECRETMARK', 'open')", ()
    yield "INSERT INTO grants (id, name, code, kind) VALUES (2, 'GHOSTMARK', 'SECRETMARK', 'closed')", ()
    yield "INSERT INTO grants (id, name, code, kind) VALUES (3, 'Three', 'SECRETMARK', 'open')", ()
    yield "INSERT INTO shut (id, name) VALUES (1, 'GHOSTMARK')", ()
    for number in range(1, PEOPLE + 1):
        yield "INSERT INTO shares (id, person_id, note) VALUES (?, ?, 'n')", (number, number)
    yield "INSERT INTO mine (id, owner) VALUES (1, ?), (2, 'alice'), (3, 'bob')", (QUOTED_NAME,)
    yield "INSERT INTO news (id, title) VALUES (1, 'Open to all')", ()


def fill(app: Flask) -> dict[str, str]:
    """Put the rows and the accounts there. Gives the ids of the accounts by their names."""
    made = {}
    with app.app_context():
        database = served().state.current().databases["default"]
        with database.transaction() as session:
            for text, values in statements():
                session.execute(accounts.sql_for(database, text), values)
        for name, roles in (("admin", ("admin",)), (QUOTED_NAME, ("user",)), ("other", ("user",)), ("gone", ("user",))):
            email = f"{name if name.isalpha() else 'alice'}@example.com"
            made[name] = create_account(
                database, email=email, password_hash=hash_password("Pass-w0rd-1234"), name=name, roles=roles
            )
    return {name: str(getattr(id, "id", id)) for name, id in made.items()}

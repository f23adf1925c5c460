"""What was accepted last, kept beside our other tables, so that every worker of every host builds from the same: the
texts of the files, and the definitions that arrived by request.

In: `Texts`, and what only the service's own processes know (`signing.materials`); definitions as data. Out: rows. Those
of the texts are encrypted: a configuration may hold passwords, and who reads the database shall not have them. The
texts are encrypted once, and their key once for each key of the service, the old ones and the new ones, so that a
change of keys can be followed. Constant SQL; values are parameters.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crud.definitions.added import Data
from crud.definitions.texts import Texts
from crud.identity.accounts import sql_for
from crud.snapshots.revision import DEFINITIONS, FILES
from sql.database import Database, Session

TEXTS = "texts"
_KEY, _NAME = b"dragoman: accepted files", b"dragoman: the name of a key of accepted files"


def read(database: Database, materials: Iterable[str], path: Path) -> Texts | None:
    """The accepted texts, for a process that has the configuration at `path`. None where there are none, or where they
    were written with other keys."""
    rows = {str(name): str(content) for name, content in database.fetch(f"SELECT name, content FROM {FILES}")}
    for material in materials:
        wrapped = rows.get(_named(material))
        if wrapped is None or TEXTS not in rows:
            continue
        try:
            key = Fernet(_derived(material)).decrypt(wrapped)
            return _read(Fernet(key).decrypt(rows[TEXTS]), path)
        except InvalidToken:
            continue
    return None


def write(database: Database, session: Session, texts: Texts, materials: Iterable[str]) -> None:
    """Keep these texts instead of those that were accepted before."""
    key = Fernet.generate_key()
    said = {"config": texts.config, "metadata": dict(texts.metadata), "plans": dict(texts.plans)}
    content = json.dumps(said).encode()
    rows = {TEXTS: Fernet(key).encrypt(content).decode()}
    for material in materials:
        rows[_named(material)] = Fernet(_derived(material)).encrypt(key).decode()
    session.execute(f"DELETE FROM {FILES}")
    insert = sql_for(database, f"INSERT INTO {FILES} (name, content) VALUES (?, ?)")
    session.run_many(insert, [*rows.items()], returning=False)


def _read(content: bytes, path: Path) -> Texts:
    data: Mapping[str, object] = json.loads(content)
    metadata, plans = data["metadata"], data.get("plans", {})
    assert isinstance(metadata, dict) and isinstance(plans, dict)
    return Texts(path, str(data["config"]), MappingProxyType(metadata), MappingProxyType(plans))


def _derived(material: str) -> bytes:
    return urlsafe_b64encode(_expanded(material, _KEY))


def _named(material: str) -> str:
    """What the row of a key is called: it does not tell the key."""
    return f"key {_expanded(material, _NAME).hex()}"


def _expanded(material: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(material.encode())


# ---------------------------------------------------------------- definitions that arrived by request


def definitions(database: Database) -> Mapping[str, Data]:
    """The definitions by name, as data in the one shape."""
    rows = database.fetch(f"SELECT name, definition FROM {DEFINITIONS} ORDER BY name")
    return MappingProxyType({str(name): json.loads(str(text)) for name, text in rows})


def keep(database: Database, session: Session, old: Mapping[str, Data], new: Mapping[str, Data]) -> None:
    """Put other definitions in the place of the old ones: only rows that differ are written."""
    for name in (name for name in old if name not in new or new[name] != old[name]):
        session.execute(sql_for(database, f"DELETE FROM {DEFINITIONS} WHERE name = ?"), (name,))
    insert = sql_for(database, f"INSERT INTO {DEFINITIONS} (name, definition) VALUES (?, ?)")
    for name in (name for name in new if name not in old or new[name] != old[name]):
        session.execute(insert, (name, json.dumps(new[name])))

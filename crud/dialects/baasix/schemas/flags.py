"""The columns that a schema gets by a flag: `timestamps`, `paranoid`, `usertrack`, `sortEnabled`, `tenant`.

In: a schema. Out: the same with the fields that its flags ask for and without those of flags that are off (`whole`);
and what a definition says of such columns (`stamped`).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from crud.dialects.baasix.schemas.documents import Fields, Written

_MOMENT = {"type": "DateTime", "allowNull": True, "SystemGenerated": True}
_ID = {"type": "UUID", "allowNull": True, "SystemGenerated": True}


def _way(name: str, target: str) -> dict[str, Any]:
    key = f"{name}_Id"
    return {
        "as": name,
        "target": target,
        "relType": "BelongsTo",
        "foreignKey": key,
        "onDelete": "SET NULL",
        "SystemGenerated": True,
    }


# flag → the fields that it makes
FIELDS: Mapping[str, Fields] = MappingProxyType(
    {
        "timestamps": {"createdAt": _MOMENT, "updatedAt": _MOMENT},
        "paranoid": {"deletedAt": _MOMENT},
        "usertrack": {
            "userCreated_Id": _ID,
            "userCreated": _way("userCreated", "baasix_User"),
            "userUpdated_Id": _ID,
            "userUpdated": _way("userUpdated", "baasix_User"),
        },
        "sortEnabled": {"sort": {"type": "Integer", "allowNull": True, "SystemGenerated": True}},
        "tenant": {
            "tenant_Id": {**_ID, "allowNull": False},
            "tenant": {**_way("tenant", "baasix_Tenant"), "onDelete": "RESTRICT"},
        },
    }
)
STAMPS: Mapping[str, str] = MappingProxyType(
    {
        "createdAt": "created_at",
        "updatedAt": "updated_at",
        "userCreated_Id": "created_by",
        "userUpdated_Id": "updated_by",
    }
)


def on(written: Written, flag: str) -> bool:
    """Whether a flag is on. `tenantScoped` is another word for `tenant`."""
    return bool(written.get(flag) or (flag == "tenant" and written.get("tenantScoped")))


def whole(written: Written) -> Written:
    """The schema with the fields of its flags, and without those that flags had made which are off now."""
    fields: Fields = dict(written["fields"])
    for flag, made in FIELDS.items():
        for name, field in made.items():
            if on(written, flag):
                fields[name] = dict(field)
            elif fields.get(name, {}).get("SystemGenerated"):
                del fields[name]
    return {**written, "fields": fields}


def stamped(written: Written, name: str) -> dict[str, Any]:
    """What a definition says of a column besides, because a flag made it."""
    flag = next((flag for flag, made in FIELDS.items() if name in made), "")
    return {"auto": STAMPS[name]} if name in STAMPS and on(written, flag) else {}

"""What the answers of each dialect look like, whatever is asked: the keys of a success and those of a refusal."""

SUCCESS: dict[str, set[str]] = {
    "phantom": {"success", "data"},
    "xond": {"success", "data", "pagination", "error"},
    "sonicjs": set(),
    "metal": {"schema", "entity", "status", "metadata", "fields", "rows"},
    "baasix": {"data", "totalCount"},
}
REFUSAL: dict[str, tuple[set[str], ...]] = {
    "phantom": ({"success", "error"},),
    "xond": ({"success", "data", "pagination", "error"},),
    "sonicjs": ({"message"},),
    "metal": ({"error"}, {"message"}),
    "baasix": ({"error"},),
}


def is_refusal(dialect: str, body: object) -> bool:
    """Whether a body is a refusal of a dialect, and none of a success."""
    if not isinstance(body, dict) or body.get("success", False) is not False or body.get("data") is not None:
        return False
    return any(set(body) >= shape for shape in REFUSAL[dialect])

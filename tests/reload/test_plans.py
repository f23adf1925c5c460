"""`POST /plan/:plan/reload`: one plan is taken from the files anew, on every worker, and nothing else of them."""

from tests.dialects.conftest import USER
from tests.reload.conftest import CONFIG, World

PLANS = (
    CONFIG
    + """
rules:
  - {{role: anon, resource: one.all, actions: [read]}}
plans:
  one:
    all:
      - select: {{entity: notes, {keys}}}
  other:
    all:
      - select: {{entity: notes}}
"""
)


def shown(world: World, number: int = 0) -> list[str]:
    answer = world.client(number).get("/schema/one/all")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [row["body"] for row in answer.json["rows"]]


def begun(world: World) -> None:
    world.write(PLANS, keys="sort: {body: asc}")
    answer = world.client().post("/server/reload", headers=world.headers())
    assert answer.status_code == 200, answer.get_data(as_text=True)
    for body in ("b", "a", "c"):
        world.client().post("/schema/main/notes", json={"data": {"body": body}}, headers=world.headers())


def test_one_plan_is_taken_anew_on_every_worker(two: World) -> None:
    begun(two)
    assert shown(two) == shown(two, 1) == ["a", "b", "c"]
    two.write(
        PLANS.replace("other:", "changed:").replace(
            "{{role: anon, resource: one.all", "{{role: user, resource: one.all"
        ),
        keys="sort: {body: desc}, limit: 2",
    )
    answer = two.client().post("/plan/one/reload", headers=two.headers())
    assert (answer.status_code, answer.json) == (200, {"plan": "one", "message": "Plan reloaded"})
    assert shown(two) == shown(two, 1) == ["c", "b"]  # the rule of the file is not in force
    assert "other.all" in two.snapshot().catalog.resources and "changed.all" not in two.snapshot().catalog.resources
    two.worker()
    answer = two.client().post("/server/reload", headers=two.headers())
    assert answer.status_code == 200
    assert two.client(1).get("/schema/one/all").status_code == 401
    assert "changed.all" in two.snapshot(1).catalog.resources


def test_who_may_not_and_what_is_not_there_and_what_is_wrong(world: World) -> None:
    begun(world)
    client, admin = world.client(), world.headers()
    assert client.post("/plan/one/reload").status_code == 401
    refused = client.post("/plan/one/reload", headers=world.headers(USER[0]))
    assert (refused.status_code, refused.json) == (403, {"error": "Permission denied"})
    missing = client.post("/plan/zed/reload", headers=admin)
    assert (missing.status_code, missing.json) == (404, {"error": "Plan 'zed' not found"})
    assert client.get("/plan/one/reload", headers=admin).status_code == 405
    world.write(PLANS, keys="sort: {nothing: asc}")
    wrong = client.post("/plan/one/reload", headers=admin)
    assert (
        wrong.status_code == 400 and "plans.one.all.0.select.sort: there is no column 'nothing'" in wrong.json["error"]
    )
    assert shown(world) == ["a", "b", "c"]

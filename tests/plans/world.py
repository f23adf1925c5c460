"""A small shop with plans over it: customers of two tenants, orders that belong to somebody, a secret column.

In: the application. Out: rows and accounts. `boss` is an administrator; `one` and `two` belong to a tenant each.
"""

from crud.identity import accounts
from sql.database import Database
from tests.newcomers import create_account

CONFIG = """
auth: {secret: "a secret of the tests, long enough for HS256"}
sources:
  default: {database: "${DATABASE_URL}"}
  figures: {provider: plan, database: sales}
schemas:
  main:
    tables: declared
    entities:
      customers:
        fields:
          id: {type: integer, key: true}
          tenant: {type: uuid}
          name: {type: string}
          country: {type: string}
          email: {type: string}
        tenant: tenant
        rules:
          - {role: user, actions: [read], fields: [id, name, country]}
      orders:
        fields:
          id: {type: integer, key: true}
          customer_id: {type: integer, references: customers}
          total: {type: decimal, precision: 10, scale: 2}
          day: {type: date}
          owner: {type: string}
          gone: {type: datetime}
        soft_delete: gone
        rules:
          - {role: user, actions: [read], where: {owner: $CURRENT_USER}}
      secrets:
        fields:
          id: {type: integer, key: true}
          word: {type: string}
  closed:
    tables: declared
    anonymize: name
    entities:
      people:
        table: people
        fields:
          id: {type: integer, key: true}
          name: {type: string}
          age: {type: integer}
        rules:
          - {role: user, actions: [read]}
  reports:
    source: figures
    entities:
      revenue:
        aliases: [turnover]
        rules:
          - {role: user, actions: [read]}
          - {role: anon, actions: [read]}
      mine:
        dialects: {xond: {name: ours, columns: {total: sum}}}
        rules: [{role: user, actions: [read], where: {total: {gt: 15}}}]
rules:
  - {role: user, resource: reports.people, actions: [read]}
  - {role: user, resource: reports.everybody, actions: [read]}
  - {role: user, resource: reports.hashed, actions: [read]}
  - {role: user, resource: reports.spied, actions: [read]}
  - {role: user, resource: reports.sorted_by_secret, actions: [read]}
  - {role: user, resource: reports.told_apart_by_secret, actions: [read]}
  - {role: user, resource: reports.joined_by_secret, actions: [read]}
  - {role: user, resource: reports.counted_secrets, actions: [read]}
  - {role: user, resource: reports.united_with_secrets, actions: [read]}
  - {role: user, resource: reports.grouped, actions: [read]}
  - {role: user, resource: reports.listed, actions: [read]}
  - {role: user, resource: reports.masked, actions: [read]}
  - {role: user, resource: reports.found_by_masked, actions: [read]}
  - {role: anon, resource: words.letters, actions: [read]}
  - {role: anon, resource: words.late, actions: [read]}
  - {role: anon, resource: words.broken, actions: [read]}
plans:
  sales:
    people:
      - select: {entity: customers, sort: {name: desc}}
    everybody:
      - select: {entity: customers}
      - remove-duplicates:
    hashed:
      - select: {entity: customers, fields: [id, name]}
      - anonymize: name
    spied:
      - select: {entity: customers, fields: [id, email]}
    sorted_by_secret:
      - select: {entity: people}
      - sort: {email: asc}
    told_apart_by_secret:
      - select: {entity: people}
      - remove-duplicates: {keys: email}
    joined_by_secret:
      - select: {entity: people, fields: name}
      - join: {entity: people, left-field: name, right-field: email, fields: {other: name}}
    counted_secrets:
      - select: {entity: people}
      - aggregate: {count: {secrets: email}}
    united_with_secrets:
      - select: {entity: people, fields: [id, name]}
      - union: {entity: secrets}
    grouped:
      - select: {entity: people}
      - aggregate: {group: country, count: {people: "*"}}
    listed:
      - list-entities: {schema: main}
    revenue:
      - select: {entity: orders}
      - join: {entity: customers, left-field: customer_id, right-field: id, fields: [name, country]}
      - aggregate: {group: country, sum: {revenue: total}, count: {orders: "*"}}
      - sort: {revenue: desc}
      - debug: told
    mine:
      - select: {entity: orders, fields: [id, total, day], sort: {total: desc}}
    masked:
      - select: {schema: closed, entity: people}
    found_by_masked:
      - select: {schema: closed, entity: people, filter: {name: Ann}}
    copied:
      - select: {entity: secrets}
      - insert: {entity: secrets}
  words:
    letters:
      - select: {data: [{letter: b, number: 2}, {letter: a, number: 1}, {letter: "${{ 'c' }}", number: 3}]}
      - filter: "number < ${{ 1 + 2 }}"
    late:
      - select: {data: {day: "2024-01-01"}}
      - filter: {day: "${{ new Date().getFullYear() > 2000 ? '2024-01-01' : '' }}"}
    broken:
      - select: {data: {number: 1}}
      - filter: {number: "${{ nothing.at.all }}"}
      - sort: number
"""
TENANTS = {"one": "11111111-1111-4111-8111-111111111111", "two": "22222222-2222-4222-8222-222222222222"}
CUSTOMERS = [
    (1, "one", "Ann", "FR", "ann@x.org"),
    (2, "one", "Bob", "DE", "bob@x.org"),
    (3, "two", "Eve", "FR", "eve@x.org"),
    (4, "two", "Zoe", None, None),
]
ORDERS = [
    (1, 1, "10.10", "2024-01-01", "one", None),
    (2, 1, "20.20", "2024-01-02", "one", None),
    (3, 2, "30.30", "2024-01-03", "two", None),
    (4, 3, "40.40", "2024-01-04", "two", None),
    (5, 3, "99.99", "2024-01-05", "two", "2024-02-01T00:00:00.000000Z"),
]


def fill(database: Database) -> dict[str, str]:
    """Rows and accounts; the ids of the accounts."""
    with database.transaction() as session:
        for name, id in TENANTS.items():
            text = "INSERT INTO _dragoman_tenants (id, name) VALUES (?, ?)"
            session.execute(accounts.sql_for(database, text), (id, name))
    ids = {"boss": create_account(database, email="boss@x.org", roles=("admin",))}
    for name in TENANTS:
        ids[name] = create_account(database, email=f"{name}@x.org", roles=("user",), tenant_id=TENANTS[name])
    rows = {
        "customers": [(id, TENANTS[tenant], *rest) for id, tenant, *rest in CUSTOMERS],
        "orders": [(id, by, total, day, ids[owner], gone) for id, by, total, day, owner, gone in ORDERS],
        "secrets": [(1, "hush")],
        "people": [(1, "Ann", 30), (2, "Bob", 40)],
    }
    with database.transaction() as session:
        for table, listed in rows.items():
            marks = ", ".join("?" * len(listed[0]))
            session.run_many(
                accounts.sql_for(database, f"INSERT INTO {table} VALUES ({marks})"), listed, returning=False
            )
    return ids

"""A small world with a column of every type, and what makes interfaces hard: keys of two columns, soft deletion, names
that are no words, columns that are hidden or written only, rows that a rule keeps to their owners.
"""

CONFIG = """
version: "0.3"
sources:
  default: {database: "${DATABASE_URL}"}
auth: {secret: "${DRAGOMAN_SECRET}", registration: open}
users:
  root: {password: "R00t-Passw0rd!", roles: [admin]}
schemas:
  main:
    source: default
    entities:
      kinds:
        fields:
          id: {type: integer, key: true, auto: increment}
          word: {type: string, required: true, max: 20}
          note: {type: text}
          mail: {type: email}
          mood: {type: enum, values: [sad, glad]}
          large: {type: bigint}
          share: {type: number, min: 0, max: 1}
          price: {type: decimal, precision: 10, scale: 2, min: 0}
          good: {type: boolean, required: true, default: false}
          day: {type: date}
          clock: {type: time}
          moment: {type: datetime}
          local: {type: datetime_local}
          millis: {type: epoch_ms}
          guid: {type: uuid}
          doc: {type: json}
          words: {type: array, items: string}
          span: {type: range, items: integer}
          raw: {type: bytes}
          secret: {type: string}
          phrase: {type: string, write_only: true}
          created: {type: datetime, required: true, auto: created_at}
        rules:
          - {role: user, actions: [read, create, update, delete], fields: ["*", "-secret"]}
          - {role: anon, actions: [read], fields: [id, word, mood]}
      owners:
        fields:
          id: {type: uuid, key: true, auto: uuid}
          name: {type: string, required: true, unique: true, max: 40}
          gone: {type: datetime}
        soft_delete: gone
        dialects:
          sonicjs: {times: epoch_ms}
        rules:
          - {role: user, actions: [read, create, update, delete]}
      things:
        fields:
          shelf: {type: integer, key: true}
          box: {type: string, key: true, max: 8}
          owner_id: {type: uuid, references: owners, on_delete: set null}
          kind_id: {type: integer, references: kinds, on_delete: cascade}
          "odd name %": {type: integer}
        rules:
          - {role: user, actions: [read, create], where: {shelf: {gte: 0}}}
          - {role: user, actions: [update], fields: ["odd name %"], where: {shelf: {gte: 0}}}
      "Order Details":
        fields:
          id: {type: integer, key: true, auto: increment}
          line: {type: string, required: true}
        rules:
          - {role: anon, actions: [read]}
          - {role: user, actions: [create], fields: [line]}
rules:
  - {role: user, resource: accounts, actions: [read], where: {id: $CURRENT_USER}}
"""
ROOT = {"username": "root", "password": "R00t-Passw0rd!"}

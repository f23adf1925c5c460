"""Plans of the configuration: named pipelines whose entities are read as any resource is.

In: `plans` of a configuration, the catalog of what is there. Out: resources that are read by a plan (`sql.query`) and
not from a table; what is wrong with steps, with file and line.

Rooms: `draft` (a plan in the making), `reading` (names, fields, orders and conditions of a step), `written` (rows in a
plan), `steps`, `several` and `folding` (what steps do with one table, with several, and with rows that are equal),
`effects` (where steps write), `words` (what each word means), `built` (an entity, whole), `resources` (the entities as
resources), `filled` (values that are worked out at each reading), `beside` (a database for what one source alone does
not have).
"""

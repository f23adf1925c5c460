"""Collections defined at run time: `/schemas` of Baasix.

`words`, `defaults`, `validation`, `fields`: one column, in and out. `documents`: the shape of a body. `flags`, `ways`,
`translating`: a whole schema as a definition. `shelf`: all schemas while one is edited; `indexes`, `relationships`
(`foreign`, `junctions`, `backs`), `dropping`: edits of them. `collections`: what is known of all that are served,
`showing`: as a caller may read it; `listing`, `orphans`, `routes`, `refusals`: the wire.
"""

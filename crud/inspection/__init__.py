"""A database as a configuration: what `flask db inspect` writes.

In: a source and what introspection found there. Out: the text of a `config.yml` with comments, which gives the same
catalog when it is loaded. `found` gathers, `fields` says a column, `writing` lays out the file, `scalars` quotes,
`comparing` tells two catalogs apart.
"""

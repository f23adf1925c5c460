"""The description of the interface as one caller has it, in OpenAPI 3.1.

In: a snapshot, a caller, and what a dialect says of its own routes (`Description`). Out: a document: the resources,
methods and fields that this caller may use, and no others. Knows no dialect and no web.
"""

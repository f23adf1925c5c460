"""Revenue by country and genre as a plan over Chinook, and the same by hand, for each of its two spellings.

In: which spelling each table has, and in which schema it is. Out: the steps of the plan as YAML; SQL.
"""

import re

TABLES = {
    "InvoiceLine": ("InvoiceId", "TrackId", "UnitPrice"),
    "Invoice": ("InvoiceId", "BillingCountry"),
    "Track": ("TrackId", "GenreId"),
    "Genre": ("GenreId", "Name"),
}

PLAN = """
plans:
  chinook:
    revenue:
      - select: {{schema: {InvoiceLine}, fields: {{invoice: {InvoiceLine.InvoiceId}, track: {InvoiceLine.TrackId}, price: {InvoiceLine.UnitPrice}}}}}
      - remove-duplicates:
      - join: {{schema: {Invoice}, left-field: invoice, right-field: {Invoice.InvoiceId}, fields: {{country: {Invoice.BillingCountry}}}}}
      - join: {{schema: {Track}, left-field: track, right-field: {Track.TrackId}, fields: {{genre_id: {Track.GenreId}}}}}
      - join: {{schema: {Genre}, left-field: genre_id, right-field: {Genre.GenreId}, fields: {{genre: {Genre.Name}}}}}
      - aggregate: {{group: [country, genre], sum: {{revenue: price}}, count: {{sold: "*"}}}}
      - sort: {{revenue: desc}}
"""

BY_HAND = """
SELECT i.BillingCountry AS country, g.Name AS genre, sum(l.UnitPrice) AS revenue, count(*) AS sold
FROM (SELECT DISTINCT InvoiceId, TrackId, UnitPrice FROM InvoiceLine) AS l
JOIN Invoice AS i ON i.InvoiceId = l.InvoiceId
JOIN Track AS t ON t.TrackId = l.TrackId
JOIN Genre AS g ON g.GenreId = t.GenreId
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""


def underscored(text: str) -> str:
    """Names as PostgreSQL's Chinook has them."""
    words = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)*\b")
    return words.sub(lambda found: re.sub(r"(?<!^)([A-Z])", r"_\1", found[0]).lower(), text)


def steps(schemas: dict[str, str], snake: frozenset[str] = frozenset()) -> str:
    """The plan over tables of these schemas; those of `snake` have PostgreSQL's names."""
    text = PLAN
    for table, columns in TABLES.items():
        spelt = underscored if table in snake else str
        for column in columns:
            text = text.replace(f"{{{table}.{column}}}", spelt(column))
        text = text.replace(f"schema: {{{table}}}", f"schema: {schemas[table]}, entity: {spelt(table)}")
    return text.replace("{{", "{").replace("}}", "}")


def by_hand(backend: str, exact: str = "sum") -> str:
    """The statement that somebody would write; `exact`: the function that adds up decimals."""
    text = underscored(BY_HAND) if backend == "postgres" else BY_HAND
    return text.replace("sum(", f"{exact}(")

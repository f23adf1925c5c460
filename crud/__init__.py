"""Resources, callers and JSON: definitions, rules, the service, and the dialects on top. Stands on `sql`."""

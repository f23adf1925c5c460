"""PostgreSQL: its grammar, its connections, and what is particular to it."""

"""SQL and two drivers: what a question is, and how a database answers it. Knows no web, no user, no configuration."""

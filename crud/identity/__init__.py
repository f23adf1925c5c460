"""Identity: accounts, passwords, sessions, tokens, API keys, outside issuers, and what slows guessing down.

In: a snapshot, and what a caller shows. Out: an `Actor`, or a new session. Dialects use `doors`, `brakes`, `callers`.
"""

"""What happens between a command and its statements: checks, generated values, hooks, the work of one transaction."""

"""Who may do what: rules become a policy, and a question or a command is narrowed to it."""

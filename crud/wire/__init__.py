"""What the wire grammars share: parameters, names, bodies, conditions, and the queries that they become."""

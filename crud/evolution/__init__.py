"""Tables follow their definitions: what definitions want, what was made before, what has to change, and changing it."""

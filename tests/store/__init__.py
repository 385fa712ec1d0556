"""The store: schema, guards, chain, numbers, and what it does when the database misbehaves."""

"""Wompi (Colombia), played on loopback: what nobody has tried out against Wompi itself is marked [A]."""

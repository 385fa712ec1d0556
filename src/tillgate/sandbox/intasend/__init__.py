"""IntaSend (Kenya), played on loopback: what nobody has tried out against IntaSend itself is marked [A]."""

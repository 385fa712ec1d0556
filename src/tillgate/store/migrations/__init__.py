"""Alembic migrations, inside the package so that an installed till can bring its database up to date."""

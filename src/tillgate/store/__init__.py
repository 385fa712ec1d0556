"""The database: engine, tables, unit of work, migrations and the reads that screens need."""

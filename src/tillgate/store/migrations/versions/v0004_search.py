"""Search of products and customers by the beginnings of words: FTS5 on SQLite, a word index on PostgreSQL.

Kept by triggers, so that bulk loads are found too. Both split at punctuation and fold ASCII case.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision: str | None = "0003"

# A product is found by its own name first, then by its code, category and variants.
_PRODUCT = (
    "p.name",
    "p.code || ' ' || p.category || ' ' || coalesce((SELECT {join}(v.code || ' ' || v.name, ' ') "
    "FROM variant v WHERE v.product_id = p.id), '')",
)
# A number is found with and without its country code.
_CUSTOMER = ("p.name", "p.email || ' ' || p.phone || ' ' || substr(p.phone, greatest(length(p.phone) - 9, 1))")
# Marks belong to words: Devanagari writes vowels with them.
_TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
_PUNCTUATION = "!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"


def upgrade() -> None:
    """Make the indexes and the triggers that keep them, and fill them."""
    if op.get_bind().dialect.name == "sqlite":
        _sqlite("product", _PRODUCT, "code, name, category", {"variant": ("product_id", "code, name, product_id")})
        _sqlite("customer", _CUSTOMER, "name, email, phone", {})
    else:
        _postgres("product", _PRODUCT, "code, name, category", {"variant": ("product_id", "code, name, product_id")})
        _postgres("customer", _CUSTOMER, "name, email, phone", {})


def _sqlite(table: str, texts: tuple[str, str], columns: str, others: dict[str, tuple[str, str]]) -> None:
    run = op.get_bind().exec_driver_sql
    index = f"{table}_search"
    name, more = (text.replace("{join}", "group_concat").replace("greatest(", "max(") for text in texts)
    write = f"INSERT INTO {index}(rowid, name, more) SELECT p.id, {name}, {more} FROM {table} p"
    run(
        f"CREATE VIRTUAL TABLE {index} USING fts5(name, more, content='', contentless_delete=1, "
        f"prefix='1 2 3', tokenize=\"{_TOKENIZER}\")"
    )
    run(write)
    fresh = f"DELETE FROM {index} WHERE rowid = {{id}}; {write} WHERE p.id = {{id}};"
    run(f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {write} WHERE p.id = NEW.id; END")
    run(f"CREATE TRIGGER {index}_update AFTER UPDATE OF {columns} ON {table} BEGIN {fresh.format(id='NEW.id')} END")
    run(f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN DELETE FROM {index} WHERE rowid = OLD.id; END")
    for other, (link, watched) in others.items():
        new, old = fresh.format(id=f"NEW.{link}"), fresh.format(id=f"OLD.{link}")
        run(f"CREATE TRIGGER {index}_{other}_insert AFTER INSERT ON {other} BEGIN {new} END")
        run(f"CREATE TRIGGER {index}_{other}_update AFTER UPDATE OF {watched} ON {other} BEGIN {old} {new} END")
        run(f"CREATE TRIGGER {index}_{other}_delete AFTER DELETE ON {other} BEGIN {old} END")


def _postgres(table: str, texts: tuple[str, str], columns: str, others: dict[str, tuple[str, str]]) -> None:
    def run(statement: str) -> None:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))

    index = f"{table}_search"
    name, more = (text.replace("{join}", "string_agg") for text in texts)
    words = f"to_tsvector('simple', translate({name} || ' ' || {more}, '{_PUNCTUATION}', '{' ' * 33}'))"
    first = f"lower(translate({name}, '{_PUNCTUATION}', '{' ' * 33}'))"
    run(
        f"CREATE TABLE {index} (id BIGINT PRIMARY KEY REFERENCES {table}(id) ON DELETE CASCADE, "
        "name TEXT NOT NULL, words TSVECTOR NOT NULL)"
    )
    run(f"CREATE INDEX ix_{index}_words ON {index} USING gin (words)")
    run(f"CREATE INDEX ix_{index}_name ON {index} (name text_pattern_ops)")
    write = f"INSERT INTO {index}(id, name, words) SELECT p.id, {first}, {words} FROM {table} p"
    again = "ON CONFLICT (id) DO UPDATE SET name = excluded.name, words = excluded.words"
    run(write)
    for other, (link, watched) in {table: ("id", columns), **others}.items():
        gone = "" if other == table else f" {write} WHERE p.id = OLD.{link} {again};"
        run(
            f"CREATE FUNCTION {index}_{other}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP <> 'DELETE' THEN {write} WHERE p.id = NEW.{link} {again}; END IF; "
            f"IF TG_OP <> 'INSERT' THEN{gone or ' NULL;'} END IF; RETURN NULL; END $$"
        )
        deleted = "" if other == table else " OR DELETE"
        run(
            f"CREATE TRIGGER {index}_{other} AFTER INSERT OR UPDATE OF {watched}{deleted} ON {other} "
            f"FOR EACH ROW EXECUTE FUNCTION {index}_{other}()"
        )

"""Search of products and customers by the beginnings of words: FTS5 on SQLite, a word index on PostgreSQL.

Kept by triggers, so that bulk loads are found too. Both split at punctuation and fold ASCII case.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision: str | None = "0003"

# Of each searched table: its index's name column, everything else it is found by, and the columns that matter.
_PRODUCT = {
    "table": "product",
    "name": "p.name",
    "more": "p.code || ' ' || p.category || ' ' || coalesce((SELECT <join>(v.code || ' ' || v.name, ' ') "
    "FROM variant v WHERE v.product_id = p.id), '')",
    "watched": "code, name, category",
}
# A number is found with and without its country code.
_CUSTOMER = {
    "table": "customer",
    "name": "p.name",
    "more": "p.email || ' ' || p.phone || ' ' || substr(p.phone, <greater>(length(p.phone) - 9, 1))",
    "watched": "name, email, phone",
}
# Marks belong to words: Devanagari writes vowels with them.
_SQLITE = (
    "CREATE VIRTUAL TABLE <table>_search USING fts5(name, more, content='', contentless_delete=1, prefix='1 2 3', "
    "tokenize=\"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\")",
    "<write>",
    "CREATE TRIGGER <table>_search_insert AFTER INSERT ON <table> BEGIN <write> WHERE p.id = NEW.id; END",
    "CREATE TRIGGER <table>_search_update AFTER UPDATE OF <watched> ON <table> BEGIN "
    "DELETE FROM <table>_search WHERE rowid = NEW.id; <write> WHERE p.id = NEW.id; END",
    "CREATE TRIGGER <table>_search_delete AFTER DELETE ON <table> BEGIN "
    "DELETE FROM <table>_search WHERE rowid = OLD.id; END",
)
_SQLITE_WRITE = "INSERT INTO <table>_search(rowid, name, more) SELECT p.id, <name>, <more> FROM <table> p"
# A product is found by its variants too, so that a change of one is a change of the product.
_SQLITE_VARIANTS = (
    "CREATE TRIGGER product_search_variant_insert AFTER INSERT ON variant BEGIN <new> END",
    "CREATE TRIGGER product_search_variant_update AFTER UPDATE OF code, name, product_id ON variant "
    "BEGIN <old> <new> END",
    "CREATE TRIGGER product_search_variant_delete AFTER DELETE ON variant BEGIN <old> END",
)
_SQLITE_FRESH = "DELETE FROM product_search WHERE rowid = <row>.product_id; <write> WHERE p.id = <row>.product_id;"

_POSTGRES = (
    "CREATE TABLE <table>_search (id BIGINT PRIMARY KEY REFERENCES <table>(id) ON DELETE CASCADE, "
    "name TEXT NOT NULL, words TSVECTOR NOT NULL)",
    "CREATE INDEX ix_<table>_search_words ON <table>_search USING gin (words)",
    "CREATE INDEX ix_<table>_search_name ON <table>_search (name text_pattern_ops)",
    "CREATE FUNCTION tillgate_plain(written TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS "
    "$$ SELECT translate(written, '!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~', repeat(' ', 32)) $$",
    "<write>",
    "CREATE FUNCTION <table>_search_write() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN <write> WHERE p.id = NEW.id <again>; RETURN NULL; END $$",
    "CREATE TRIGGER <table>_search_write AFTER INSERT OR UPDATE OF <watched> ON <table> "
    "FOR EACH ROW EXECUTE FUNCTION <table>_search_write()",
)
_POSTGRES_WRITE = (
    "INSERT INTO <table>_search(id, name, words) SELECT p.id, lower(tillgate_plain(<name>)), "
    "to_tsvector('simple', tillgate_plain(<name> || ' ' || <more>)) FROM <table> p"
)
_POSTGRES_AGAIN = "ON CONFLICT (id) DO UPDATE SET name = excluded.name, words = excluded.words"
_POSTGRES_VARIANTS = (
    "CREATE FUNCTION product_search_variant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP <> 'DELETE' THEN <write> WHERE p.id = NEW.product_id <again>; END IF; "
    "IF TG_OP <> 'INSERT' THEN <write> WHERE p.id = OLD.product_id <again>; END IF; RETURN NULL; END $$",
    "CREATE TRIGGER product_search_variant AFTER INSERT OR UPDATE OF code, name, product_id OR DELETE ON variant "
    "FOR EACH ROW EXECUTE FUNCTION product_search_variant()",
)


def upgrade() -> None:
    """Make the indexes and the triggers that keep them, and fill them."""
    if op.get_bind().dialect.name == "sqlite":
        for searched in (_PRODUCT, _CUSTOMER):
            _run(_SQLITE, searched | {"write": _SQLITE_WRITE, "join": "group_concat", "greater": "max"})
        words = {"new": _SQLITE_FRESH.replace("<row>", "NEW"), "old": _SQLITE_FRESH.replace("<row>", "OLD")}
        _run(_SQLITE_VARIANTS, words | _PRODUCT | {"write": _SQLITE_WRITE, "join": "group_concat"})
        return
    wording = {"write": _POSTGRES_WRITE, "again": _POSTGRES_AGAIN, "join": "string_agg", "greater": "greatest"}
    _run(_POSTGRES, _PRODUCT | wording)
    _run([statement for statement in _POSTGRES if "tillgate_plain(written" not in statement], _CUSTOMER | wording)
    _run(_POSTGRES_VARIANTS, _PRODUCT | wording)


def _run(statements: tuple[str, ...] | list[str], words: dict[str, str]) -> None:
    """Fill in <words>, those in longer ones first, and run what comes out."""
    longest_first = ("new", "old", "write", "again", "more", "name", "watched", "table", "join", "greater")
    for template in statements:
        statement = template
        for word in longest_first:
            statement = statement.replace(f"<{word}>", words.get(word, ""))
        op.get_bind().exec_driver_sql(statement.replace("%", "%%") if words["join"] == "string_agg" else statement)

"""Pictures of the store's own, kept in the database so that every till has them.

A picture is named by what it shows, so the same one is kept once and never changes under its name; taking it from a
product, or undoing that, changes the product alone. What no product has shown for a while goes with the next one added.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, select, update

from tillgate.domain.errors import Invalid, NotFound
from tillgate.domain.pictures import (
    MOST_BYTES,
    PictureFacts,
    check_kept,
    check_own_name,
    is_own,
    own_name,
    read_facts,
)
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.till import Till
from tillgate.store.models import picture, product
from tillgate.store.statements import insert_unless_there
from tillgate.store.unit_of_work import UnitOfWork

# Decodes a picture, which is what its facts say, and makes a WebP of it that fits KEPT_SIDE, with nothing of the
# file's but its pixels. Raises Invalid("picture_broken").
Shrink = Callable[[bytes, PictureFacts], bytes]
UNUSED_FOR: Final = timedelta(days=30)


def load_picture_file(path: Path) -> bytes:
    """A file's bytes, and hardly more than a picture may have. Raises Invalid("file_unreadable")."""
    try:
        if path.exists() and not path.is_file():
            raise Invalid("file_unreadable", field="image", name=path.name, reason=os.strerror(errno.EINVAL))
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Invalid("file_unreadable", field="image", name=path.name, reason=error.strerror or "") from error


def add_picture(till: Till, actor: Actor, content: bytes, shrink: Shrink) -> str:
    """Keep a picture, made small; the name by which a product has it. Raises as `read_facts` and `shrink`."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    kept = check_kept(shrink(content, read_facts(content)))
    name = own_name(kept)

    def work(uow: UnitOfWork) -> None:
        authorize(uow, actor, Action.EDIT_CATALOGUE)
        row = {"name": name, "content": kept, "added_by": actor.staff_id, "added_at": uow.now}
        if uow.execute(insert_unless_there(uow.connection, picture, row)).first() is None:
            uow.execute(update(picture).where(picture.c.name == name).values(added_at=uow.now))
        _drop_unused(uow)
        uow.record("catalogue.picture", name, size=len(kept))

    till.db.transact(actor, work)
    return name


def load_picture(till: Till, actor: Actor, name: str) -> bytes:
    """A picture as it is kept. Raises NotFound("picture_unknown")."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        found = connection.execute(select(picture.c.content).where(picture.c.name == name)).scalar_one_or_none()
    if found is None:
        raise NotFound("picture_unknown", field="image")
    return bytes(found)


def check_picture(connection: Connection, name: str) -> None:
    """That a product's picture, if it is one of the store's own, is there. Raises Invalid("picture_unknown")."""
    if not is_own(name):
        return
    query = select(picture.c.name).where(picture.c.name == check_own_name(name))
    if connection.execute(query).first() is None:
        raise Invalid("picture_unknown", field="image")


def _drop_unused(uow: UnitOfWork) -> None:
    shown = select(product.c.id).where(product.c.image == picture.c.name)
    uow.execute(delete(picture).where(picture.c.added_at < uow.now - UNUSED_FOR, ~shown.exists()))

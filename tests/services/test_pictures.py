"""A picture that somebody brings in: believed in nothing, kept small, shown by every till, gone when long unused."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.pictures import drawn, png_saying
from tests.factories.shop import Counter
from tillgate.domain.errors import Invalid, NotAllowed, NotFound, TillgateError
from tillgate.domain.pictures import KEPT_SIDE, MOST_BYTES, MOST_KEPT_BYTES, PictureFacts, PictureKind, read_facts
from tillgate.domain.staff import Role
from tillgate.services import catalogue, catalogue_edits, catalogue_import
from tillgate.services.catalogue_drafts import ProductDraft
from tillgate.services.pictures import UNUSED_FOR, add_picture, load_picture, load_picture_file
from tillgate.store.models import picture, product
from tillgate.ui.pictures import KEPT_AS, decode, shrink

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><img src=x onerror=alert(1)></html>"


def wear(counter: Counter, image: str) -> None:
    known = catalogue.load_product(counter.till, counter.manager, counter.number(product, "GIT")).product
    draft = ProductDraft(known.vendor_id, known.code, known.name, known.kind, known.currency, image=image)
    save = catalogue_edits.save_product
    save(counter.till, counter.manager, draft, product_id=known.id, version=known.version)


def shown(counter: Counter) -> str:
    return catalogue.load_product(counter.till, counter.cashier, counter.number(product, "GIT")).product.image


def answered(answer: bytes, _content: bytes, _facts: PictureFacts) -> bytes:
    return answer


@pytest.mark.parametrize("kind", PictureKind)
def test_a_picture_is_kept_small_with_nothing_but_its_pixels(counter: Counter, kind: PictureKind) -> None:
    brought = drawn(kind, text="taken at home" if kind is PictureKind.PNG else "")
    name = add_picture(counter.till, counter.manager, brought, shrink)
    kept = load_picture(counter.till, counter.cashier, name)
    image = decode(kept, KEPT_AS)
    assert (image.width(), image.height()) == (KEPT_SIDE, KEPT_SIDE * 400 // 640)
    left, right = image.pixelColor(20, 80), image.pixelColor(KEPT_SIDE - 20, 80)
    assert (left.red() > 180, left.green() < 60) == (True, True)
    assert (right.green() > 120, right.red() < 60) == (True, True)
    assert len(kept) < MOST_KEPT_BYTES
    assert b"taken at home" not in kept
    assert add_picture(counter.till, counter.manager, brought, shrink) == name
    assert len(counter.rows(picture)) == 1


def test_hostile_files_are_refused_and_nothing_is_kept(counter: Counter) -> None:
    png, jpeg, webp = (drawn(kind, 96, 64) for kind in PictureKind)
    cases = {
        SVG: "picture_kind_unknown",
        HTML: "picture_kind_unknown",
        b"": "picture_kind_unknown",
        b"GIF89a" + bytes(100): "picture_kind_unknown",
        png + bytes(MOST_BYTES): "picture_too_heavy",
        png_saying(50_000, 50_000): "picture_too_large",
        png_saying(9_000, 9_000): "picture_too_large",
        png_saying(0, 100): "picture_broken",
        png_saying(5_000, 5_000): "picture_broken",
        png[: len(png) // 2]: "picture_broken",
        jpeg[: len(jpeg) // 2]: "picture_broken",
        jpeg[:5]: "picture_broken",
        webp[: len(webp) // 2]: "picture_broken",
        # A JPEG inside a PNG's name and a PNG's head before a JPEG's body.
        png[:33] + jpeg + b"IEND": "picture_broken",
        # Says that it is smaller than it is.
        webp[:12] + b"VP8X" + bytes(14) + webp[12:]: "picture_broken",
    }
    for content, code in cases.items():
        with pytest.raises(Invalid, match=code) as refused:
            add_picture(counter.till, counter.manager, content, shrink)
        assert refused.value.values["field"] == "image"
    assert counter.rows(picture) == []


def test_no_mangled_picture_does_more_than_be_refused() -> None:
    chance = random.Random(20261121)
    for sound in (drawn(kind, 48, 32) for kind in PictureKind):
        for _ in range(150):
            mangled = bytearray(sound)
            for _ in range(chance.randint(1, 6)):
                mangled[chance.randrange(len(mangled))] = chance.randrange(256)
            content = bytes(mangled[: chance.randint(4, len(mangled))] if chance.random() < 0.3 else mangled)
            try:
                kept = shrink(content, read_facts(content))
            except TillgateError as error:
                assert isinstance(error, Invalid)
                assert error.code.startswith("picture_")
            else:
                assert max(read_facts(kept).width, read_facts(kept).height) <= KEPT_SIDE


def test_a_decoder_that_answers_something_else_is_not_believed(counter: Counter) -> None:
    png = drawn(PictureKind.PNG, 64, 64)
    for answer in (SVG, b"", drawn(PictureKind.WEBP, KEPT_SIDE + 1, 10), png, bytes(MOST_KEPT_BYTES + 1)):
        with pytest.raises(Invalid, match="picture_"):
            add_picture(counter.till, counter.manager, png, partial(answered, answer))
    assert counter.rows(picture) == []


def test_a_product_wears_only_a_picture_that_is_there_and_gives_it_back(counter: Counter, clock: FakeClock) -> None:
    first = add_picture(counter.till, counter.manager, drawn(PictureKind.PNG, 64, 64), shrink)
    wear(counter, first)
    assert shown(counter) == first
    for wrong in (first[:-1], f"picture:{'0' * 64}", "picture:../../etc/passwd"):
        with pytest.raises(Invalid, match="picture_unknown"):
            wear(counter, wrong)
        row = f"vendor,product,name,image\nSHOP,GIT,Guitar,{wrong}\n".encode()
        (checked,) = catalogue_import.check_file(counter.till, counter.manager, row).rows
        assert checked.problem is not None
    wear(counter, "")
    assert load_picture(counter.till, counter.cashier, first)
    wear(counter, first)
    clock.advance(UNUSED_FOR.total_seconds() + 60)
    manager = signed_in(counter.till, Role.MANAGER)
    second = add_picture(counter.till, manager, drawn(PictureKind.JPEG, 64, 64), shrink)
    assert {row.name for row in counter.rows(picture)} == {first, second}
    wearing = replace(counter, manager=manager, cashier=manager)
    wear(wearing, "")
    add_picture(counter.till, manager, drawn(PictureKind.WEBP, 32, 64), shrink)
    with pytest.raises(NotFound, match="picture_unknown"):
        load_picture(counter.till, manager, first)
    with counter.till.db.read() as connection:
        assert second in connection.execute(select(picture.c.name)).scalars().all()


def test_only_a_manager_brings_pictures_in_and_only_files(counter: Counter, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed):
        add_picture(counter.till, counter.cashier, drawn(PictureKind.PNG, 8, 8), shrink)
    for path in (tmp_path, tmp_path / "none.png"):
        with pytest.raises(Invalid, match="file_unreadable"):
            load_picture_file(path)
    large = tmp_path / "large.png"
    large.write_bytes(drawn(PictureKind.PNG, 8, 8) + bytes(2 * MOST_BYTES))
    assert len(load_picture_file(large)) == MOST_BYTES + 1

"""Pictures that people bring in: what a file's own first bytes say, before anything decodes it.

The name of a file says nothing. Only PNG, JPEG and WebP are taken; SVG and HTML can hold scripts and addresses.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tillgate.domain.errors import Invalid

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_SIDE: Final = 10_000
# Decoded it takes four bytes a pixel: 120 MB at most, once, off the Qt thread.
MOST_PIXELS: Final = 30_000_000
# What is kept: large enough for a tile on a screen at 300 %.
KEPT_SIDE: Final = 256
MOST_KEPT_BYTES: Final = 256 * 1024
# In the place of a picture's file name, a picture of the store's own: the digest of what is kept.
OWN: Final = "picture:"
_OWN_NAME: Final = re.compile(re.escape(OWN) + "[0-9a-f]{64}")
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
# Start of frame: every SOF but those of tables (DHT, JPG, DAC), which share its range.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _FILL = 0xDA, 0xFF


class PictureKind(StrEnum):
    """The forms that are taken, by the names that decoders know."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a file says it is, in pixels."""

    kind: PictureKind
    width: int
    height: int


def is_own(name: str) -> bool:
    """Whether a product's picture is one that the store brought in."""
    return name.startswith(OWN)


def own_name(kept: bytes) -> str:
    """The name of a picture as it is kept: the same picture has one name."""
    return OWN + hashlib.sha256(kept).hexdigest()


def check_own_name(name: str) -> str:
    """A name that could be one. Raises Invalid("picture_unknown")."""
    if not _OWN_NAME.fullmatch(name):
        raise Invalid("picture_unknown", field="image")
    return name


def read_facts(content: bytes) -> PictureFacts:
    """What a file is, by its first bytes, whole and no larger than it may be.

    Raises Invalid("picture_too_heavy" | "picture_kind_unknown" | "picture_broken" | "picture_too_large").
    """
    if len(content) > MOST_BYTES:
        raise Invalid("picture_too_heavy", field="image", most=MOST_BYTES // (1024 * 1024))
    if content.startswith(_PNG):
        kind, read = PictureKind.PNG, _png
    elif content.startswith(_JPEG):
        kind, read = PictureKind.JPEG, _jpeg
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind, read = PictureKind.WEBP, _webp
    else:
        raise Invalid("picture_kind_unknown", field="image")
    try:
        width, height = read(content)
    except (struct.error, IndexError):
        raise broken() from None
    if width < 1 or height < 1:
        raise broken()
    if max(width, height) > MOST_SIDE or width * height > MOST_PIXELS:
        raise Invalid("picture_too_large", field="image", width=width, height=height, most=MOST_PIXELS // 1_000_000)
    return PictureFacts(kind, width, height)


def check_kept(kept: bytes) -> bytes:
    """What a decoder made of it, as it may be kept: small, and a WebP. Raises Invalid("picture_broken")."""
    if len(kept) > MOST_KEPT_BYTES:
        raise broken()
    facts = read_facts(kept)
    if facts.kind is not PictureKind.WEBP or max(facts.width, facts.height) > KEPT_SIDE:
        raise broken()
    return kept


def broken() -> Invalid:
    """The error of a picture that is cut off or can't be decoded."""
    return Invalid("picture_broken", field="image")


def _png(content: bytes) -> tuple[int, int]:
    length, name, width, height = struct.unpack_from(">I4sII", content, len(_PNG))
    if (length, name) != (13, b"IHDR") or b"IEND" not in content:
        raise broken()
    return width, height


def _jpeg(content: bytes) -> tuple[int, int]:
    at, size = 2, (0, 0)
    while True:
        fill, marker = content[at], content[at + 1]
        if fill != _FILL:
            raise broken()
        if marker == _FILL:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            size = width, height
        if marker == _SCAN:
            # In what is compressed no FF D9 occurs but the end's own.
            if content.find(b"\xff\xd9", at + length) < 0:
                raise broken()
            return size
        at += 2 + length


def _webp(content: bytes) -> tuple[int, int]:
    (whole,) = struct.unpack_from("<I", content, 4)
    if whole + 8 > len(content):
        raise broken()
    form, body = content[12:16], content[20:30]
    if form == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if form == b"VP8L" and body[:1] == b"\x2f":
        (bits,) = struct.unpack_from("<I", body, 1)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise broken()

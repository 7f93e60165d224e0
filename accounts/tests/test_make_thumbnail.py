"""Images of strangers are decoded in a locked child."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
import zlib

import pytest
from PIL import Image

from accounts import images
from accounts.errors import UserError
from accounts.images import helper, thumbnail

RED = (200, 20, 20)


def picture(kind: str, size: tuple[int, int] = (300, 200), mode: str = "RGB") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, RED).convert(mode).save(made, kind)
    return made.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def code_of(data: bytes) -> tuple[int, str]:
    with pytest.raises(UserError) as caught:
        thumbnail(data, (50, 50))
    return caught.value.status, caught.value.code


def bomb(width: int, height: int) -> bytes:
    """A PNG whose few kilobytes claim, and hold, that many pixels of one bit."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(height * (1 + (width + 7) // 8)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class ThumbnailTest:
    @pytest.mark.parametrize("kind", images.FORMATS)
    def test_it_reads_each_format(self, kind: str) -> None:
        made = opened(thumbnail(picture(kind), (50, 50)))
        assert (made.format, made.size) == ("WEBP", (50, 50))
        red, green, _blue = made.convert("RGB").getpixel((25, 25))  # type: ignore[misc]
        assert red > 180
        assert green < 50

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
    def test_it_writes_each_format(self, kind: str) -> None:
        made = opened(thumbnail(picture("PNG", mode="RGBA"), (256, 256), format=kind))
        assert (made.format, made.size) == (kind, (256, 256))

    def test_it_keeps_transparency(self) -> None:
        data = io.BytesIO()
        Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(data, "PNG")
        assert opened(thumbnail(data.getvalue(), (50, 50))).convert("RGBA").getpixel((9, 9))[3] == 0  # type: ignore[index]

    def test_it_keeps_sixteen_bits_of_grey_apart(self) -> None:
        data = io.BytesIO()
        Image.new("I;16", (40, 40), 0x4000).save(data, "PNG")
        assert (
            opened(thumbnail(data.getvalue(), (50, 50), format="PNG")).convert("L").getpixel((9, 9)) == 0x40
        )

    def test_it_turns_upright_and_drops_metadata(self) -> None:
        image = Image.new("RGB", (100, 50), RED)
        image.paste((0, 0, 255), (0, 0, 50, 50))
        exif, data = Image.Exif(), io.BytesIO()
        exif[0x0112], exif[0x010E] = 6, "a secret place"  # to be turned by 90 degrees; a description
        image.save(data, "JPEG", exif=exif, comment=b"a secret remark")
        made = thumbnail(data.getvalue(), (50, 100), format="PNG")
        assert b"secret" not in made
        assert opened(made).convert("RGB").getpixel((25, 5))[2] > 200  # type: ignore[index]  # blue is above now

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"no image",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            picture("PNG")[:80],
            picture("JPEG")[:300],
        ],
    )
    def test_it_refuses_what_is_no_image(self, data: bytes) -> None:
        assert code_of(data) == (422, "image_invalid")

    @pytest.mark.parametrize("kind", ["TIFF", "PPM", "ICO", "TGA", "PDF"])
    def test_it_refuses_other_formats(self, kind: str) -> None:
        assert code_of(picture(kind)) == (422, "image_invalid")

    def test_it_refuses_bombs_at_once(self) -> None:
        data = bomb(30_000, 30_000)
        began = time.monotonic()
        assert code_of(data) == (413, "image_too_large")
        assert time.monotonic() - began < 10
        assert len(opened(thumbnail(bomb(5000, 5000), (50, 50))).getbands()) == 3

    def test_it_refuses_too_many_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(images, "LONGEST", 10)
        assert code_of(picture("PNG")) == (413, "image_too_large")

    def test_both_sides_know_the_same(self) -> None:
        assert (images.FORMATS, images.PIXELS) == (helper.FORMATS, helper.PIXELS)


ATTACKS = {
    "read": "open('/etc/hostname').read()",
    "write": "open('/tmp/m3m-helper', 'w')",
    "list": "os.listdir('/')",
    "connect": "socket.socket().connect(('127.0.0.1', 5432))",
    "fork": "os.fork()",
    "run": "os.execv('/bin/true', ['true'])",
    "kill": "os.kill(os.getppid(), 0)",
    "memory": "bytearray(700 * 1024 * 1024)",
}


class LockTest:
    @pytest.mark.parametrize("name", ATTACKS)
    def test_it_gives_up_everything(self, name: str) -> None:
        code = f"import os, socket, sys; sys.path.insert(0, {helper.__file__.rpartition('/')[0]!r}); import helper\n"
        attack = (
            f"try:\n    {ATTACKS[name]}\nexcept (OSError, MemoryError) as e:\n    os._exit(7)\nos._exit(0)"
        )

        def ended(*parts: str) -> int:
            command = [sys.executable, "-I", "-c", code + "\n".join(parts)]
            return subprocess.run(command, check=False, timeout=30).returncode  # noqa: S603

        assert ended("helper.lock()", attack) == 7
        if name != "connect":  # nobody may listen there
            assert ended(attack) == 0

from __future__ import annotations

import io
import os
from typing import Any
from unittest import mock

from PIL import Image

from projects.files import previews
from projects.tests.files import FilesCase


def consume(response: Any) -> None:  # noqa: ANN401
    """To its end, which closes it; closing it by hand would take the test's database connection along."""
    if response.streaming:
        response.getvalue()


class DownloadFilesTest(FilesCase):
    def setUp(self) -> None:
        super().setUp()
        self.data = os.urandom(600_000)
        self.put("docs/Отчёт №1.html", self.data)
        self.path = "/download/docs/Отчёт №1.html"
        self.etag = self.files.stat("docs/Отчёт №1.html").etag

    def get(self, **headers: str) -> object:
        return self.ask("get", self.path, headers=headers)

    def test_the_whole(self) -> None:
        response = self.ask("get", self.path, headers={"Accept": "image/png"})
        self.assertEqual((response.status_code, response.getvalue()), (200, self.data))
        self.assertEqual(response["Content-Length"], str(len(self.data)))
        self.assertEqual(response["Accept-Ranges"], "bytes")
        self.assertEqual(response["ETag"], self.etag)
        self.assertEqual(response["Content-Type"], "application/octet-stream")
        self.assertEqual(response["X-Content-Type-Options"], "nosniff")
        self.assertTrue(response["Content-Security-Policy"].startswith("sandbox; default-src 'none'"))
        disposition = response["Content-Disposition"]
        self.assertTrue(disposition.startswith("attachment; filename*=utf-8''%D0%9E"), disposition)

    def test_head(self) -> None:
        response = self.ask("head", self.path)
        self.assertEqual((response.status_code, response.content), (200, b""))
        self.assertEqual(response["Content-Length"], str(len(self.data)))

    def test_parts(self) -> None:
        size = len(self.data)
        for header, start, stop in (
            ("bytes=0-0", 0, 1),
            ("bytes=10-19", 10, 20),
            ("bytes=599990-", 599_990, size),
            ("bytes=-5", size - 5, size),
            ("bytes=-9999999", 0, size),
            ("bytes=100-99999999", 100, size),
        ):
            response = self.ask("get", self.path, headers={"Range": header})
            self.assertEqual(
                (response.status_code, response.getvalue()), (206, self.data[start:stop]), header
            )
            self.assertEqual(response["Content-Range"], f"bytes {start}-{stop - 1}/{size}")
            self.assertEqual(response["Content-Length"], str(stop - start))

    def test_what_is_no_part_is_the_whole(self) -> None:
        for header in (
            "bytes=5-2",
            "bytes=0-1,3-4",
            "lines=1-2",
            "bytes=-",
            "bytes=a-b",
            "bytes=" + "9" * 30,
        ):
            response = self.ask("get", self.path, headers={"Range": header})
            self.assertEqual((response.status_code, len(response.getvalue())), (200, len(self.data)), header)

    def test_parts_outside(self) -> None:
        for header in ("bytes=600000-", "bytes=-0", "bytes=700000-800000"):
            response = self.ask("get", self.path, headers={"Range": header})
            self.refused(response, "range_invalid")
            self.assertEqual(response["Content-Range"], "bytes */600000")

    def test_if_range(self) -> None:
        for named, status in ((self.etag, 206), ('"other"', 200), ("Thu, 01 Jan 1970 00:00:00 GMT", 200)):
            response = self.ask("get", self.path, headers={"Range": "bytes=0-9", "If-Range": named})
            self.assertEqual(response.status_code, status)
            consume(response)

    def test_if_none_match(self) -> None:
        for named in (self.etag, f'"x", W/{self.etag}', "*"):
            response = self.ask("get", self.path, headers={"If-None-Match": named})
            self.assertEqual((response.status_code, response["ETag"]), (304, self.etag))
        self.put("docs/Отчёт №1.html", b"new")
        response = self.ask("get", self.path, headers={"If-None-Match": self.etag})
        self.assertEqual(response.getvalue(), b"new")

    def test_it_refuses(self) -> None:
        self.refused(self.ask("get", "/download/docs"), "is_folder")
        self.refused(self.ask("get", "/download/docs/none"), "file_not_found")
        self.refused(self.ask("get", "/download/docs/%2e%2e/x"), "path_invalid")
        self.refused(self.ask("get", "/download/a%00b"), "path_invalid")
        self.refused(self.ask("get", "/download/%FF%FE"), "file_not_found")

    def test_no_descriptor_stays_open(self) -> None:
        def held() -> int:
            return len(os.listdir("/proc/self/fd"))

        before = held()
        for headers in ({}, {"Range": "bytes=0-9"}, {"Range": "bytes=-0"}, {"If-None-Match": "*"}):
            for method in ("get", "head"):
                consume(self.ask(method, self.path, headers=headers))
            consume(self.ask("get", "/download/docs"))
        self.assertLessEqual(held(), before)


class PreviewTest(FilesCase):
    def image(self, kind: str = "PNG") -> bytes:
        made = io.BytesIO()
        Image.new("RGB", (400, 200), "red").save(made, kind)
        return made.getvalue()

    def test_an_image_has_one_and_it_is_made_once(self) -> None:
        self.put("a.png", self.image())
        response = self.ask("get", "/preview/a.png", headers={"Accept": "image/*"})
        self.assertEqual((response.status_code, response["Content-Type"]), (200, "image/webp"))
        self.assertEqual(Image.open(io.BytesIO(response.content)).size, (50, 50))
        with mock.patch.object(previews, "thumbnail", side_effect=AssertionError("made again")):
            again = self.ask("get", "/preview/a.png")
            self.assertEqual(again.content, response.content)
            same = self.ask("get", "/preview/a.png", headers={"If-None-Match": again["ETag"]})
            self.assertEqual(same.status_code, 304)
        self.put("a.png", self.image("JPEG"))
        self.assertNotEqual(self.ask("get", "/preview/a.png")["ETag"], again["ETag"])

    def test_what_is_no_image_has_none_and_is_tried_once(self) -> None:
        self.put("a.png", b"no image")
        self.put("b.txt", b"text")
        self.refused(self.ask("get", "/preview/a.png"), "preview_impossible")
        with mock.patch.object(previews, "thumbnail", side_effect=AssertionError("tried again")):
            self.refused(self.ask("get", "/preview/a.png"), "preview_impossible")
        self.refused(self.ask("get", "/preview/b.txt"), "preview_impossible")
        self.refused(self.ask("get", "/preview/none.png"), "file_not_found")

"""What people change of themselves: by REST and on the page."""

from __future__ import annotations

import io
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.actions.profile import update_profile
from accounts.limits import AVATAR_BYTES
from accounts.models import AuditEntry, Avatar, User
from accounts.testing import People


def image(kind: str = "PNG", color: str = "red") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (300, 200), color).save(made, kind)
    return made.getvalue()


class ProfileTest(People):
    def test_it_changes_what_is_named_alone(self) -> None:
        client = self.client_of(self.bob)
        for method in (client.put, client.patch):
            body = method("/api/users/me", {"language": "ru"}).json()
            self.assertEqual((body["name"], body["language"], body["theme"]), ("Bob", "ru", "system"))
        body = client.put("/api/users/me", {"theme": "dark", "name": "", "language": ""}).json()
        self.assertEqual((body["name"], body["language"], body["theme"]), ("", "", "dark"))

    def test_it_refuses_other_values(self) -> None:
        refused: tuple[object, ...] = (
            {"language": "fr"},
            {"theme": "auto"},
            {"theme": ""},
            {"language": None},
            {"theme": 1},
            [],
        )
        for wrong in refused:
            answer = self.client_of(self.bob).put("/api/users/me", wrong)
            self.assertEqual(answer.status_code, 400, wrong)
        with self.assertRaises(ValidationError):
            update_profile(actor=self.bob, theme="pink")
        with self.assertRaises(TypeError):
            update_profile(actor=self.bob, is_root=True)

    def test_who_is_gone_is_told_so(self) -> None:
        client = self.client_of(self.bob)
        User.objects.filter(pk=self.bob.pk).delete()
        self.assertEqual(client.put("/api/users/me", {"name": "x"}).status_code, 404)


class AvatarTest(People):
    def put(self, user: User, data: bytes, kind: str = "image/png") -> tuple[int, dict[str, Any]]:
        answer = self.client_of(user).put("/api/users/me/avatar", data, content_type=kind)
        return answer.status_code, answer.json()

    def test_it_is_made_anew_and_shown(self) -> None:
        code, body = self.put(self.bob, image())
        self.assertEqual(code, 200)
        answer = self.client_of(self.charlie).get(body["avatar"])
        self.assertEqual(answer.status_code, 200)
        shown = Image.open(io.BytesIO(answer.content))
        self.assertEqual((shown.format, shown.size), ("WEBP", (256, 256)))
        self.assertEqual(answer["Content-Type"], "image/webp")
        self.assertEqual(answer["X-Content-Type-Options"], "nosniff")
        self.assertIn("sandbox", answer["Content-Security-Policy"])
        self.assertIn("max-age=31536000", answer["Cache-Control"])
        again = self.client_of(self.charlie).get(body["avatar"], headers={"if-none-match": answer["ETag"]})
        self.assertEqual((again.status_code, again.content), (304, b""))
        self.assertEqual(self.client_of(None).get(body["avatar"]).status_code, 401)

    def test_it_comes_in_a_form_too(self) -> None:
        for name in ("file", "avatar"):
            form = {name: SimpleUploadedFile("x.exe", image("JPEG"), "text/html")}
            answer = self.client_of(self.bob).put("/api/users/me/avatar", form, format="multipart")
            self.assertEqual(answer.status_code, 200, name)
        answer = self.client_of(self.bob).put("/api/users/me/avatar", {"x": "y"}, format="multipart")
        self.assertEqual(answer.json()["code"], "image_missing")

    def test_another_one_has_another_address(self) -> None:
        first, second = self.put(self.bob, image())[1], self.put(self.bob, image(color="blue"))[1]
        self.assertNotEqual(first["avatar"], second["avatar"])
        self.assertEqual(Avatar.objects.count(), 1)
        self.assertEqual(AuditEntry.objects.filter(verb="set_avatar").count(), 2)

    def test_it_goes(self) -> None:
        url = str(self.put(self.bob, image())[1]["avatar"])
        for _again in range(2):
            self.assertEqual(self.client_of(self.bob).delete("/api/users/me/avatar").status_code, 204)
        self.assertIsNone(self.client_of(self.bob).get("/api/users/me").json()["avatar"])
        self.assertEqual(self.client_of(self.bob).get(url).json()["code"], "avatar_not_found")
        self.assertEqual(AuditEntry.objects.filter(verb="remove_avatar").count(), 1)

    def test_it_refuses_what_is_no_small_image(self) -> None:
        for data, kind, expected in (
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", (422, "image_invalid")),
            (b"", "image/png", (400, "image_missing")),
            (b"x" * (AVATAR_BYTES + 1), "image/png", (413, "too_large")),
            (b"x" * (AVATAR_BYTES + 20_000), "application/octet-stream", (413, "too_large")),
            (b"{}", "application/json", (415, "unsupported_media_type")),
        ):
            code, body = self.put(self.bob, data, kind)
            self.assertEqual((code, body["code"]), expected, kind)
        self.assertFalse(Avatar.objects.exists())

    def test_nobody_has_none(self) -> None:
        answer = self.client_of(None).put("/api/users/me/avatar", image(), content_type="image/png")
        self.assertEqual(answer.status_code, 401)


class PageTest(People):
    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def test_it_shows_the_profile(self) -> None:
        User.objects.filter(pk=self.bob.pk).update(language="ru", theme="dark")
        page = self.browser(self.bob).get("/admin/profile/").content.decode()
        self.assertIn('<html lang="ru"', page)
        self.assertIn('<meta name="m3m-theme" content="dark">', page)
        self.assertIn('value="Bob"', page)
        self.assertTrue(re.search(r'<option value="ru"\s+selected>', page))
        self.assertIn("/admin/password_change/", page)

    def test_nobody_is_sent_to_the_login(self) -> None:
        self.assertEqual(Client().get("/admin/profile/").status_code, 302)

    def test_the_language_of_the_profile_wins(self) -> None:
        browser = self.browser(self.bob)
        russian = {"accept-language": "ru"}
        self.assertIn('<html lang="ru"', browser.get("/admin/profile/", headers=russian).content.decode())
        update_profile(actor=self.bob, language="en")
        self.assertIn('<html lang="en"', browser.get("/admin/profile/", headers=russian).content.decode())
        self.assertIn('<html lang="ru"', Client().get("/admin/login/", headers=russian).content.decode())

    def test_the_switch_of_languages_is_kept(self) -> None:
        browser = self.browser(self.bob)
        answer = browser.post("/admin/i18n/setlang/", {"language": "ru", "next": "/admin/profile/"})
        self.assertRedirects(answer, "/admin/profile/")
        self.assertIn('<html lang="ru"', browser.get("/admin/profile/").content.decode())
        self.assertNotIn("django_language", browser.cookies)
        browser.post("/admin/i18n/setlang/", {"language": "xx"})
        self.bob.refresh_from_db()
        self.assertEqual(self.bob.language, "ru")
        stranger = Client()
        stranger.post("/admin/i18n/setlang/", {"language": "ru"})
        self.assertEqual(stranger.cookies["django_language"].value, "ru")

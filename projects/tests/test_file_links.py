from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from accounts.errors import NotFoundError, UserError
from accounts.models import AuditEntry
from projects.actions.file_links import create_file_link, delete_file_link
from projects.limits import FILE_LINKS
from projects.models import FileLink
from projects.tests.files import FilesCase

SCRIPT = b"<script>document.title = 'ran'</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>document.title = 'ran'</script></svg>"
# Name and content of what somebody may upload, and whether a browser may show it.
KINDS: tuple[tuple[str, bytes, bool], ...] = (
    ("page.html", SCRIPT, False),
    ("page.htm", SCRIPT, False),
    ("page.HTML", SCRIPT, False),
    ("page.xhtml", b"<html xmlns='http://www.w3.org/1999/xhtml'>" + SCRIPT + b"</html>", False),
    ("page.xht", SCRIPT, False),
    ("page.shtml", SCRIPT, False),
    ("page.html.gz", SCRIPT, False),
    ("page.mht", SCRIPT, False),
    ("page.mhtml", SCRIPT, False),
    ("image.svg", SVG, False),
    ("image.svgz", SVG, False),
    ("data.xml", b"<?xml version='1.0'?>" + SVG, False),
    ("style.xsl", SVG, False),
    ("style.xslt", SVG, False),
    ("feed.rss", SVG, False),
    ("feed.atom", SVG, False),
    ("formula.mathml", SVG, False),
    ("script.js", b"document.title = 'ran'", False),
    ("script.mjs", b"document.title = 'ran'", False),
    ("module.wasm", b"\0asm", False),
    ("style.css", b"body { color: red }", False),
    ("film.swf", b"FWS", False),
    ("page.php", SCRIPT, False),
    ("paper.pdf", b"%PDF-1.4 " + SCRIPT, False),
    ("unknown", SCRIPT, False),
    ("unknown.zzz", SCRIPT, False),
    ("mail.eml", SCRIPT, False),
    ("app.webmanifest", b"{}", False),
    ("cache.appcache", b"CACHE MANIFEST", False),
    ("component.htc", SCRIPT, False),
    ("text.txt", SCRIPT, True),
    ("text.md", SCRIPT, True),
    ("table.csv", SCRIPT, True),
    ("data.json", b"{}", True),
    ("image.png", SCRIPT, True),
    ("image.jpg", SCRIPT, True),
    ("image.gif", SCRIPT, True),
    ("image.webp", SCRIPT, True),
    ("sound.mp3", SCRIPT, True),
    ("film.mp4", SCRIPT, True),
)
SHOWN = ("text/plain; charset=utf-8", "image/", "audio/", "video/")


class LinksCase(FilesCase):
    def setUp(self) -> None:
        super().setUp()
        self.put("docs/a b.txt", b"hello")

    def made(self, path: str = "docs/a b.txt", **body: Any) -> Any:  # noqa: ANN401
        response = self.ask("post", "/links", {"path": path, **body})
        self.assertEqual(response.status_code, 201, response.content)
        return response.json()

    def follow(self, link: Any, **options: Any) -> Any:  # noqa: ANN401
        return self.client_of(None).get(urlsplit(link["url"]).path, **options)


class CreateFileLinkTest(LinksCase):
    def test_anybody_may_follow_it(self) -> None:
        link = self.made()
        response = self.follow(link)
        self.assertEqual((response.status_code, response.getvalue()), (200, b"hello"))
        self.assertEqual((link["filename"], link["expires_at"]), ("a b.txt", None))
        self.assertEqual(response["Content-Disposition"], 'inline; filename="a b.txt"')
        part = self.follow(link, headers={"Range": "bytes=1-2"})
        self.assertEqual((part.status_code, part.getvalue()), (206, b"el"))
        same = self.follow(link, headers={"If-None-Match": response["ETag"]})
        self.assertEqual(same.status_code, 304)

    def test_its_token_is_kept_nowhere(self) -> None:
        link = self.made(expires_in="168h")
        row = FileLink.objects.get()
        self.assertGreaterEqual(len(link["token"]), 22)
        for model in (FileLink, AuditEntry):
            for values in model.objects.values():
                self.assertNotIn(link["token"], str(values))
        listed = self.ask("get", "/links").json()
        self.assertEqual([one["id"] for one in listed["results"]], [str(row.pk)])
        self.assertNotIn("token", listed["results"][0])
        assert row.expires_at
        self.assertLess(abs(row.expires_at - timezone.now() - timedelta(days=7)), timedelta(minutes=1))

    def test_download_is_never_shown(self) -> None:
        response = self.follow(self.made(download=True))
        self.assertTrue(response["Content-Disposition"].startswith("attachment"))

    def test_it_refuses(self) -> None:
        for body, code in (
            ({"path": "none"}, "file_not_found"),
            ({"path": "docs"}, "is_folder"),
            ({"path": ""}, "invalid"),
            ({"path": "docs/a b.txt", "expires_in": "soon"}, "invalid"),
            ({"path": "docs/a b.txt", "expires_in": 0}, "expiry_invalid"),
            ({"path": "docs/a b.txt", "expires_in": -5}, "expiry_invalid"),
            ({"path": "docs/a b.txt", "expires_in": 10**30}, "parse_error"),
            ({"path": "docs/a b.txt", "expires_in": "99999999999d"}, "invalid"),
            ({"path": "docs/a b.txt", "expires_in": "9999d"}, "expiry_invalid"),
            ({"path": "docs/a b.txt", "expires_in": True}, "invalid"),
            ({"path": "docs/a b.txt", "expires_in": [1]}, "invalid"),
        ):
            with self.subTest(body):
                self.refused(self.ask("post", "/links", body), code)
        with self.assertRaises(NotFoundError):
            create_file_link(actor=self.charlie, project=self.project, path="docs/a b.txt")

    def test_there_is_a_limit(self) -> None:
        FileLink.objects.bulk_create(
            FileLink(project=self.project, path="x", digest=str(number)) for number in range(FILE_LINKS)
        )
        with self.assertRaises(UserError) as raised:
            create_file_link(actor=self.bob, project=self.project, path="docs/a b.txt")
        self.assertEqual(raised.exception.code, "links_too_many")
        FileLink.objects.filter(digest="0").update(expires_at=timezone.now())
        create_file_link(actor=self.bob, project=self.project, path="docs/a b.txt")


class DeleteFileLinkTest(LinksCase):
    def test_revoked_expired_guessed_and_misnamed_links_are_alike(self) -> None:
        answers = []
        revoked, expired, live, gone, folder = (self.made() for _count in range(5))
        self.assertEqual(self.ask("delete", f"/links/{revoked['id']}").status_code, 204)
        FileLink.objects.filter(pk=expired["id"]).update(expires_at=timezone.now())
        self.assertEqual(self.follow(live).status_code, 200)
        FileLink.objects.filter(pk=gone["id"]).update(path="docs/other/a b.txt")
        FileLink.objects.filter(pk=folder["id"]).update(path="docs/folder/a b.txt")
        self.files.mkdir("docs/folder/a b.txt")
        guessed = {"url": f"https://x/api/storage/public/{'A' * 22}/a b.txt"}
        for link in (revoked, expired, gone, folder, guessed):
            answers.append(self.follow(link))
        answers.append(self.client_of(None).get(f"/api/storage/public/{live['token']}/b.txt"))
        answers.append(self.client_of(self.root).get(f"/api/storage/public/{live['token']}/docs"))
        for response in answers:
            self.refused(response, "link_not_found")
            self.assertEqual(response.status_code, 404)
        bodies = {str({**response.json(), "instance": ""}) for response in answers}
        self.assertEqual(len(bodies), 1)

    def test_a_link_belongs_to_its_path(self) -> None:
        link = self.made()
        self.files.move("docs/a b.txt", "docs/c.txt")
        self.assertEqual(self.follow(link).status_code, 404)
        self.put("docs/a b.txt", b"another")
        self.assertEqual(self.follow(link).getvalue(), b"another")

    def test_only_those_of_the_project_revoke_it(self) -> None:
        link = FileLink.objects.get(pk=self.made()["id"])
        with self.assertRaises(NotFoundError):
            delete_file_link(actor=self.charlie, project=self.project, link_id=link.pk)
        with self.assertRaises(NotFoundError):
            delete_file_link(actor=self.charlie, project=self.foreign, link_id=link.pk)
        self.refused(self.ask("delete", "/links/no-id"), "link_not_found")
        delete_file_link(actor=self.bob, project=self.project, link_id=link.pk)
        before = AuditEntry.objects.get(verb="delete_file_link").before or {}
        self.assertEqual(before["path"], "docs/a b.txt")

    def test_odd_tokens_are_unknown(self) -> None:
        for token in ("%00", "a%00b", "é", "a" * 5000, "%FF", "'"):
            response = self.client_of(None).get(f"/api/storage/public/{token}/a b.txt")
            self.assertEqual(response.status_code, 404)
        self.assertEqual(self.client_of(None).get("/api/storage/public/x/a%00b").status_code, 404)


class KindsTest(LinksCase):
    def test_no_kind_of_file_runs_script(self) -> None:
        self.assertGreaterEqual(len(KINDS), 30)
        for name, content, shown in KINDS:
            with self.subTest(name):
                self.put(name, content)
                response = self.follow(self.made(name))
                inline = response["Content-Disposition"].startswith("inline")
                self.assertEqual(inline, shown)
                self.assertEqual(response["X-Content-Type-Options"], "nosniff")
                policy = response["Content-Security-Policy"]
                self.assertTrue(policy.startswith("sandbox; default-src 'none'"), policy)
                self.assertNotIn("allow-", policy)
                if inline:
                    self.assertTrue(response["Content-Type"].startswith(SHOWN), response["Content-Type"])
                    self.assertNotIn("svg", response["Content-Type"])
                else:
                    self.assertNotIn(
                        response["Content-Type"].partition(";")[0],
                        ("text/html", "image/svg+xml", "application/xml", "text/xml", "text/javascript"),
                    )


class FileLinkAdminTest(LinksCase):
    def test_members_see_and_revoke_links_and_strangers_do_not(self) -> None:
        link = FileLink.objects.get(pk=self.made()["id"])
        address = f"/admin/projects/filelink/{link.pk}/delete/"
        self.client.force_login(self.charlie)
        self.assertNotContains(self.client.get("/admin/projects/filelink/"), "a b.txt")
        self.client.post(address, {"post": "yes"})
        self.assertTrue(FileLink.objects.exists())
        self.client.force_login(self.bob)
        self.assertContains(self.client.get("/admin/projects/filelink/"), "a b.txt")
        self.client.post(address, {"post": "yes"})
        self.assertFalse(FileLink.objects.exists())
        self.assertTrue(AuditEntry.objects.filter(verb="delete_file_link", actor=self.bob).exists())

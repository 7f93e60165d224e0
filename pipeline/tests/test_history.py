from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from unittest import mock

from accounts.errors import NotFoundError
from accounts.permissions import KeyActor
from pipeline.actions.branches import StaleBranch, reset_branch, restore_revision, save_branch
from pipeline.actions.releases import publish_release
from pipeline.limits import REVISIONS
from pipeline.models import Branch, BranchRevision
from pipeline.models import revision as module
from projects.testing import ProjectCase

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
PATH = "/api/projects/shop/pipeline/branches/develop"


class HistoryCase(ProjectCase):
    def branch(self) -> Branch:
        return Branch.objects.named(self.project, "develop")

    def save(self, code: str, *, seconds: float = 0, autosave: bool = False, by: str = "bob") -> Branch:
        """Save at so many seconds past noon."""
        moment = NOON + timedelta(seconds=seconds)
        with mock.patch("django.utils.timezone.now", return_value=moment):
            return save_branch(
                actor=getattr(self, by),
                project=self.project,
                name="develop",
                files={"main": code},
                autosave=autosave,
            )

    def kept(self) -> list[str]:
        """Code of the history, oldest first, without what the project began with."""
        rows = BranchRevision.objects.filter(branch=self.branch()).order_by("revision")[1:]
        return [row.as_files()["main"] for row in rows]


class KeepRevisionTest(HistoryCase):
    def test_each_save_is_kept_with_its_author(self) -> None:
        self.save("1")
        self.save("2", by="alice")
        newest, before, first = BranchRevision.objects.filter(branch=self.branch())
        self.assertEqual((newest.author, before.author, first.kind), (self.alice, self.bob, "create"))
        self.assertEqual((newest.revision, newest.as_files()), (self.branch().revision, {"main": "2"}))

    def test_a_key_is_named(self) -> None:
        key = KeyActor(self.project.pk, "m3m_ab12cd34")
        save_branch(actor=key, project=self.project, name="develop", files={"main": "1"})
        newest = BranchRevision.objects.filter(branch=self.branch())[0]
        self.assertEqual((newest.author, newest.author_label), (None, str(key)))

    def test_the_same_content_is_no_new_entry(self) -> None:
        first, second = self.save("1"), self.save("1")
        self.assertNotEqual(first.etag, second.etag)
        self.assertEqual(self.kept(), ["1"])

    def test_of_autosaves_one_in_five_minutes_stays(self) -> None:
        for seconds in range(0, 900, 60):
            self.save(f"{seconds}", seconds=seconds, autosave=True)
        self.assertEqual(self.kept(), ["240", "540", "840"])

    def test_autosaves_give_way_to_the_same_author_and_to_nothing_else(self) -> None:
        self.save("a", autosave=True)
        self.save("b", seconds=1, autosave=True, by="alice")
        self.save("c", seconds=2)
        self.save("d", seconds=3, autosave=True)
        self.save("e", seconds=4)
        self.assertEqual(self.kept(), ["a", "b", "c", "d", "e"])

    def test_the_oldest_go(self) -> None:
        for number in range(REVISIONS + 5):
            self.save(str(number))
        rows = BranchRevision.objects.filter(branch=self.branch())
        self.assertEqual(rows.count(), REVISIONS)
        self.assertEqual(rows.order_by("revision")[0].as_files(), {"main": "5"})

    def test_bytes_are_bounded_and_the_newest_stays(self) -> None:
        noise = random.Random(1)  # noqa: S311  (incompressible, not secret)
        with mock.patch.object(module, "HISTORY_BYTES", 2000):
            for _n in range(4):
                self.save(noise.randbytes(500).hex())
            newest = self.save(noise.randbytes(4000).hex())
        (only,) = BranchRevision.objects.filter(branch=self.branch())
        self.assertEqual(only.as_files(), newest.as_files())

    def test_what_was_there_before_there_was_a_history_is_kept(self) -> None:
        BranchRevision.objects.all().delete()
        old = self.branch().as_files()
        self.save("new")
        first = BranchRevision.objects.filter(branch=self.branch()).last()
        assert first is not None
        self.assertEqual(first.as_files(), old)


class ResetBranchTest(HistoryCase):
    def setUp(self) -> None:
        self.save("released")
        publish_release(actor=self.bob, project=self.project, branch="develop")
        self.save("draft")

    def test_nothing_is_lost(self) -> None:
        branch = reset_branch(actor=self.bob, project=self.project, name="develop", version="0.1")
        self.assertEqual(branch.as_files(), {"main": "released"})
        self.assertEqual(self.kept(), ["released", "draft", "released"])

    def test_a_stale_reset_is_refused(self) -> None:
        etag = self.branch().etag
        self.save("newer")
        with self.assertRaises(StaleBranch):
            reset_branch(actor=self.bob, project=self.project, name="develop", version="0.1", if_match=etag)
        self.assertEqual(self.branch().as_files(), {"main": "newer"})

    def test_charlie_is_refused(self) -> None:
        with self.assertRaises(NotFoundError):
            reset_branch(actor=self.charlie, project=self.project, name="develop", version="0.1")


class RestoreRevisionTest(HistoryCase):
    def test_it_comes_back_as_a_new_revision(self) -> None:
        old = self.save("old").revision
        self.save("new")
        branch = restore_revision(actor=self.bob, project=self.project, name="develop", revision=old)
        self.assertEqual((branch.as_files(), branch.revision), ({"main": "old"}, old + 2))
        self.assertEqual(self.kept(), ["old", "new", "old"])

    def test_unknown_revisions(self) -> None:
        for revision in (0, 99, 2**31, 10**30):
            with self.subTest(revision), self.assertRaises(NotFoundError):
                restore_revision(actor=self.bob, project=self.project, name="develop", revision=revision)

    def test_charlie_is_refused(self) -> None:
        with self.assertRaises(NotFoundError):
            restore_revision(actor=self.charlie, project=self.project, name="develop", revision=1)


class HistoryApiTest(HistoryCase):
    def test_a_list_one_and_back(self) -> None:
        client = self.client_of(self.bob)
        revision = client.put(PATH, {"code": "1", "autosave": True}).json()["revision"]
        body = client.put(PATH, {"code": "2"}).json()
        rows = client.get(f"{PATH}/history").json()["results"]
        self.assertEqual([row["kind"] for row in rows], ["save", "autosave", "create"])
        self.assertNotIn("files", rows[0])
        self.assertEqual(client.get(f"{PATH}/history/{revision}").json()["code"], "1")
        restored = client.post(f"{PATH}/history/{revision}/restore", {}, headers={"if-match": body["etag"]})
        self.assertEqual((restored.status_code, restored.json()["code"]), (200, "1"))
        self.assertEqual(restored["ETag"], restored.json()["etag"])
        again = client.post(f"{PATH}/history/{revision}/restore", {}, headers={"if-match": body["etag"]})
        self.assertEqual((again.status_code, again.json()["newer"]["code"]), (412, "1"))
        for path in ("history/99", f"history/{'9' * 5000}", "history/x"):
            self.assertEqual(client.get(f"{PATH}/{path}").status_code, 404, path)

    def test_reset(self) -> None:
        client = self.client_of(self.bob)
        client.put(PATH, {"code": "1"})
        client.post("/api/projects/shop/pipeline/releases", {})
        client.put(PATH, {"code": "2"})
        self.assertEqual(client.post(f"{PATH}/reset", {"version": "0.1"}).json()["code"], "1")
        self.assertEqual(client.post(f"{PATH}/reset", {"version": "0.9"}).status_code, 404)
        self.assertEqual(client.post(f"{PATH}/reset", {}).status_code, 400)

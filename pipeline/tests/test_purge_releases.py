from __future__ import annotations

from typing import Any

from accounts.errors import ConflictError, NotFoundError
from accounts.models import AuditEntry
from pipeline.actions.releases import activate_release, publish_release, purge_releases
from pipeline.models import Release
from pipeline.signals import release_deleted
from projects.testing import ProjectCase

RELEASES = "/api/projects/shop/pipeline/releases"


class PurgeCase(ProjectCase):
    def setUp(self) -> None:
        for _n in range(5):
            publish_release(actor=self.bob, project=self.project, branch="develop")
        activate_release(actor=self.bob, project=self.project, version="0.2")

    def versions(self) -> list[str]:
        return [release.version for release in Release.objects.filter(project=self.project)]


class PurgeReleasesTest(PurgeCase):
    def test_all_but_the_active_go(self) -> None:
        gone = purge_releases(actor=self.bob, project=self.project)
        self.assertEqual((gone, self.versions()), (["0.5", "0.4", "0.3", "0.1"], ["0.2"]))
        self.assertEqual(AuditEntry.objects.get(verb="purge_releases").before, {"releases": gone})
        release = publish_release(actor=self.bob, project=self.project, branch="develop")
        self.assertEqual(release.version, "0.6")

    def test_the_newest_stay_where_wanted(self) -> None:
        purge_releases(actor=self.bob, project=self.project, keep_last=2)
        self.assertEqual(self.versions(), ["0.5", "0.4", "0.2"])

    def test_a_dry_run_changes_nothing(self) -> None:
        gone = purge_releases(actor=self.bob, project=self.project, dry_run=True)
        self.assertEqual(len(gone), 4)
        self.assertEqual(len(self.versions()), 5)
        self.assertFalse(AuditEntry.objects.filter(verb="purge_releases").exists())

    def test_what_an_upper_floor_needs_stays(self) -> None:
        def keep(release: Release, **_others: Any) -> None:
            if release.version == "0.4":
                raise ConflictError("needed", "needed")

        release_deleted.connect(keep)
        try:
            gone = purge_releases(actor=self.bob, project=self.project)
        finally:
            release_deleted.disconnect(keep)
        self.assertEqual((gone, self.versions()), (["0.5", "0.3", "0.1"], ["0.4", "0.2"]))

    def test_charlie_is_refused(self) -> None:
        with self.assertRaises(NotFoundError):
            purge_releases(actor=self.charlie, project=self.project)
        self.assertEqual(len(self.versions()), 5)


class ReleasesApiTest(PurgeCase):
    def test_purge(self) -> None:
        client = self.client_of(self.bob)
        body = client.post(f"{RELEASES}/purge", {"dry_run": True, "keep_last": 1}).json()
        self.assertEqual(body, {"deleted": ["0.4", "0.3", "0.1"], "dry_run": True})
        self.assertEqual(len(client.post(f"{RELEASES}/purge").json()["deleted"]), 4)
        for wrong in ({"keep_last": -1}, {"keep_last": 10**30}, {"dry_run": "x"}):
            self.assertEqual(client.post(f"{RELEASES}/purge", wrong).status_code, 400)
        self.assertEqual(self.client_of(self.charlie).post(f"{RELEASES}/purge").status_code, 404)

    def test_filters_order_and_search(self) -> None:
        client = self.client_of(self.bob)
        self.client_of(self.alice).post(RELEASES, {"tag": "stable", "comment": "Counts visits"})
        for query, versions in (
            ("tag=stable", ["0.6"]),
            ("tag=stable&tag=develop&ordering=version&page_size=2", ["0.1", "0.2"]),
            (f"author={self.alice.email.upper()}", ["0.6"]),
            ("branch=nothing", []),
            ("is_active=true", ["0.6"]),
            ("search=VISITS", ["0.6"]),
            ("ordering=-tag,version&page_size=2", ["0.6", "0.1"]),
        ):
            body = client.get(f"{RELEASES}?{query}").json()
            self.assertEqual([release["version"] for release in body["results"]], versions, query)
        for query in ("tag=x", "ordering=files", "ordering=,", "author=%00", "search=%00", "branch=%00"):
            self.assertEqual(client.get(f"{RELEASES}?{query}").status_code, 400, query)

    def test_a_branch_from_here(self) -> None:
        client = self.client_of(self.bob)
        answer = client.post(f"{RELEASES}/0.2/branch", {"name": "fix"})
        body = answer.json()
        self.assertEqual((answer.status_code, body["created_from_release"]), (201, "0.2"))
        self.assertEqual(answer["ETag"], body["etag"])
        self.assertEqual(client.post(f"{RELEASES}/0.2/branch", {"name": "fix"}).status_code, 409)
        self.assertEqual(client.post(f"{RELEASES}/9.2/branch", {"name": "new"}).status_code, 404)
        stranger = self.client_of(self.charlie).post(f"{RELEASES}/0.2/branch", {"name": "his"})
        self.assertEqual(stranger.status_code, 404)

    def test_a_repeated_request_publishes_once(self) -> None:
        client = self.client_of(self.bob)
        first, second = (client.post(RELEASES, {}, headers={"idempotency-key": "k"}) for _n in range(2))
        self.assertEqual((first.json(), second["Idempotency-Replayed"]), (second.json(), "true"))
        self.assertEqual(self.versions()[0], "0.6")

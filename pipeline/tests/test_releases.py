from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.test import TransactionTestCase

from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.models import AuditEntry, User
from pipeline.actions.branches import save_branch
from pipeline.actions.releases import activate_release, delete_release, publish_release
from pipeline.models import Release
from pipeline.signals import release_deleted
from pipeline.versions import Version, parse_version
from projects import facets
from projects.actions.projects import create_project, delete_project
from projects.testing import ProjectCase


class ReleaseCase(ProjectCase):
    def publish(self, bump: str = "minor", *, activate: bool = False, **more: Any) -> Release:  # noqa: ANN401
        more |= {"activate": activate}
        return publish_release(actor=self.bob, project=self.project, branch="develop", bump=bump, **more)


class PublishReleaseTest(ReleaseCase):
    def test_numbers_go_up(self) -> None:
        bumps = ("minor", "minor", "major", "minor", "major")
        self.assertEqual([self.publish(bump).version for bump in bumps], ["0.1", "0.2", "1.0", "1.1", "2.0"])

    def test_the_first_major_is_1_0(self) -> None:
        self.assertEqual(self.publish("major").version, "1.0")

    def test_ten_comes_after_nine(self) -> None:
        versions = [self.publish().version for _n in range(11)]
        self.assertEqual(versions[-2:], ["0.10", "0.11"])
        self.assertEqual(
            [release.version for release in Release.objects.filter(project=self.project)], versions[::-1]
        )

    def test_a_deleted_number_is_not_given_again(self) -> None:
        self.publish()
        self.publish()
        delete_release(actor=self.bob, project=self.project, version="0.2")
        self.assertEqual(self.publish().version, "0.3")

    def test_projects_count_apart(self) -> None:
        self.publish()
        other = publish_release(actor=self.charlie, project=self.foreign, branch="develop")
        self.assertEqual(other.version, "0.1")

    def test_it_freezes_the_code(self) -> None:
        save_branch(actor=self.bob, project=self.project, name="develop", files={"main": "1", "a.js": "2"})
        self.publish(tag="stable", comment="First!")
        save_branch(actor=self.bob, project=self.project, name="develop", files={"main": "later"})
        release = Release.objects.get_version(self.project, "0.1")
        self.assertEqual(release.files, {"main": "1", "a.js": "2"})
        self.assertEqual((release.tag, release.comment, release.author), ("stable", "First!", self.bob))

    def test_the_first_is_active_and_later_ones_unless_told_otherwise(self) -> None:
        self.assertTrue(self.publish().is_active)
        self.assertFalse(self.publish().is_active)
        later = publish_release(actor=self.bob, project=self.project, branch="develop")
        self.assertTrue(later.is_active)
        active = Release.objects.active(self.project)
        self.assertEqual(active and active.version, "0.3")

    def test_it_refuses_wrong_words(self) -> None:
        rows: tuple[tuple[dict[str, Any], str], ...] = (
            ({"bump": "patch"}, "/bump"),
            ({"tag": "x"}, "/tag"),
            ({"comment": "x" * 2001}, "/comment"),
        )
        for wrong, pointer in rows:
            with self.subTest(wrong), self.assertRaises(UserError) as caught:
                self.publish(**wrong)
            self.assertEqual(caught.exception.pointer, pointer)
        with self.assertRaises(NotFoundError):
            publish_release(actor=self.bob, project=self.project, branch="nothing")
        self.assertEqual(self.publish().version, "0.1", "a refused one takes no number")

    def test_it_is_audited(self) -> None:
        self.publish()
        after = AuditEntry.objects.get(verb="publish_release").after
        self.assertEqual(after and after["version"], "0.1")

    def test_charlie_may_not(self) -> None:
        with self.assertRaises(NotFoundError):
            publish_release(actor=self.charlie, project=self.project, branch="develop")


class FrozenTest(ReleaseCase):
    def test_nothing_changes_a_release(self) -> None:
        release = self.publish()
        release.files = {"main": "other"}
        with self.assertRaises(TypeError):
            release.save()
        with self.assertRaises(TypeError):
            release.save(update_fields=["files"])
        for field in ("files", "comment", "tag", "major"):
            with self.subTest(field), self.assertRaises(TypeError):
                Release.objects.update(**{field: "x"})
        with self.assertRaises(TypeError), transaction.atomic():
            Release.objects.bulk_update([release], ["files"])

    def test_the_database_keeps_one_active(self) -> None:
        self.publish()
        second = self.publish()
        with self.assertRaises(IntegrityError), transaction.atomic():
            Release.objects.filter(pk=second.pk).update(is_active=True)

    def test_it_outlives_its_author(self) -> None:
        self.publish()
        self.bob.delete()
        self.assertIsNone(Release.objects.get().author)


class ActivateReleaseTest(ReleaseCase):
    def test_it_moves_the_choice(self) -> None:
        self.publish()
        self.publish()
        for version in ("0.2", "0.1", "0.1"):
            activate_release(actor=self.bob, project=self.project, version=version)
            self.assertEqual([r.version for r in Release.objects.filter(is_active=True)], [version])
            self.assertEqual(facets.load([self.project])[self.project.pk]["active_release"], version)
        self.assertIsNone(Release.objects.active(self.foreign))

    def test_it_refuses_the_unknown(self) -> None:
        self.publish()
        for version in (
            "0.2",
            "",
            "x",
            "0",
            "0.1.1",
            "00.1",
            "0.01",
            "0.1\n",
            "٠.١",
            "9" * 30 + ".1",
            "-0.1",
        ):
            with self.subTest(version), self.assertRaises(NotFoundError):
                activate_release(actor=self.bob, project=self.project, version=version)

    def test_charlie_may_not(self) -> None:
        self.publish()
        with self.assertRaises(NotFoundError):
            activate_release(actor=self.charlie, project=self.project, version="0.1")


class DeleteReleaseTest(ReleaseCase):
    def test_it_deletes_all_but_the_active(self) -> None:
        self.publish()
        self.publish()
        with self.assertRaises(ConflictError):
            delete_release(actor=self.bob, project=self.project, version="0.1")
        delete_release(actor=self.bob, project=self.project, version="0.2")
        self.assertEqual(Release.objects.count(), 1)

    def test_an_upper_floor_may_forbid_it(self) -> None:
        def forbid(release: Release, **_others: object) -> None:
            raise ConflictError("release_running", f"{release} runs")

        self.publish()
        self.publish()
        release_deleted.connect(forbid)
        try:
            with self.assertRaises(ConflictError):
                delete_release(actor=self.bob, project=self.project, version="0.2")
        finally:
            release_deleted.disconnect(forbid)
        self.assertEqual(Release.objects.count(), 2)

    def test_a_project_takes_its_active_release_along(self) -> None:
        self.publish()
        delete_project(actor=self.alice, project=self.project, confirm="shop")
        self.assertFalse(Release.objects.exists())

    def test_charlie_may_not(self) -> None:
        self.publish()
        self.publish()
        with self.assertRaises(NotFoundError):
            delete_release(actor=self.charlie, project=self.project, version="0.2")


class VersionTest(ReleaseCase):
    def test_it_is_parsed_and_written(self) -> None:
        self.assertEqual(parse_version("12.345"), Version(12, 345))
        self.assertEqual(str(Version(12, 345)), "12.345")


class RaceTest(TransactionTestCase):
    def test_two_who_publish_at_once_get_two_numbers(self) -> None:
        root = User.objects.create_superuser("root@example.org")
        project = create_project(actor=root, name="Shop")
        barrier = Barrier(4)
        versions: list[str] = []

        def publish() -> None:
            try:
                barrier.wait()
                for _n in range(5):
                    release = publish_release(actor=root, project=project, branch="develop", activate=True)
                    versions.append(release.version)
            finally:
                connection.close()

        threads = [Thread(target=publish) for _n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(
            sorted(versions, key=lambda v: int(v.split(".")[1])), [f"0.{n}" for n in range(1, 21)]
        )
        self.assertEqual(Release.objects.filter(is_active=True).count(), 1)

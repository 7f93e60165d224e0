"""What a kill between commit and removal leaves on disk goes, and nothing else."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from accounts.models import User
from projects.actions.projects import create_project, delete_project
from projects.files.store import store_of
from projects.models import FileLink, Project, Remains, StorageUsage
from projects.tasks.sweep import sweep_leftovers
from projects.testing import ProjectCase
from projects.tests.moto import s3_server, s3_settings

PATIENCE = 60.0


def made(path: Path) -> Path:
    """A folder with something in it."""
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "file").write_text("x")
    return path


def sweep() -> str:
    said = StringIO()
    call_command("sweep", stdout=said)
    return said.getvalue()


class SweepLeftoversTest(ProjectCase):
    def setUp(self) -> None:
        self.roots = [Path(settings.STORAGE_ROOT), Path(settings.LOG_ROOT)]

    def delete(self, project: Project) -> uuid.UUID:
        """Delete it, with whoever removes its files being killed first."""
        key = project.pk
        delete_project(actor=self.root, project=project, confirm=project.slug)
        return key

    def test_folders_of_deleted_projects_go(self) -> None:
        gone = [made(root / str(self.project.pk)) for root in self.roots]
        stays = [
            made(root / name) for root in self.roots for name in (str(self.foreign.pk), str(uuid.uuid4()))
        ]
        sweep()
        self.assertTrue(all(path.exists() for path in (*gone, *stays)))
        self.delete(self.project)
        said = sweep()
        self.assertEqual([path.exists() for path in gone], [False, False])
        self.assertTrue(all(str(path) in said for path in gone))
        self.assertTrue(all(path.exists() for path in stays), "nobody deleted these by the platform")

    def test_who_writes_late_is_found_once_more(self) -> None:
        key = self.delete(self.project)
        sweep()
        late = made(self.roots[1] / str(key))
        sweep()
        self.assertFalse(late.exists())
        Remains.objects.update(due_at=timezone.now() - 2 * Remains.GRACE)
        sweep()
        self.assertFalse(Remains.objects.exists())

    def test_links_are_not_followed(self) -> None:
        target = made(Path(settings.DATA_DIR) / "elsewhere" / str(uuid.uuid4()))
        link = self.roots[0] / str(self.delete(self.project))
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
        sweep()
        self.assertFalse(link.is_symlink())
        self.assertTrue((target / "deep" / "file").exists())

    def test_a_socket_goes_unless_its_slug_is_taken(self) -> None:
        place = Path(settings.RUNTIME_DIR) / "r" / "shop"
        place.parent.mkdir(parents=True, exist_ok=True)
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(place))
        self.delete(self.project)
        newer = create_project(actor=self.alice, name="x", slug="shop")
        sweep()
        self.assertTrue(place.exists())
        self.delete(newer)
        sweep()
        self.assertFalse(place.exists())

    def test_forgotten_uploads_go(self) -> None:
        old, fresh = (Path(settings.TEMPORARY_DIR) / name for name in ("old", "fresh"))
        for path in (old, fresh):
            path.write_text("x")
        os.utime(old, (0, 0))
        sweep()
        self.assertEqual([old.exists(), fresh.exists()], [False, True])
        fresh.unlink()

    def test_links_and_figures_of_files_go_with_their_project(self) -> None:
        FileLink.objects.create(project=self.project, path="a.txt", digest="x")
        StorageUsage.objects.create(project=self.project)
        self.delete(self.project)
        self.assertFalse(FileLink.objects.exists() or StorageUsage.objects.exists())

    def test_what_cannot_be_removed_is_tried_again(self) -> None:
        folder = made(self.roots[0] / str(self.delete(self.project)))
        with mock.patch("projects.leftovers.shutil.rmtree", side_effect=PermissionError("no")):
            self.assertEqual(sweep(), "")
        self.assertTrue(Remains.objects.exists())
        sweep()
        self.assertFalse(folder.exists())

    def test_files_of_an_import_that_was_killed_go(self) -> None:
        key = Remains.expect()
        folder = made(self.roots[0] / str(key))
        sweep()
        self.assertTrue(folder.exists(), "the import may be under way")
        Remains.objects.update(due_at=timezone.now())
        sweep()
        self.assertFalse(folder.exists())

    def test_a_project_that_came_to_be_is_left_alone(self) -> None:
        key = Remains.expect()
        create_project(actor=self.alice, name="x", key=key)
        folder = made(self.roots[0] / str(key))
        Remains.objects.update(due_at=timezone.now() - 2 * Remains.GRACE)
        sweep()
        self.assertTrue(folder.exists())
        self.assertFalse(Remains.objects.exists())


class SweepBucketTest(ProjectCase):
    def test_objects_and_unfinished_uploads_go_and_no_others(self) -> None:
        with s3_server() as endpoint, s3_settings(endpoint) as bucket:
            name = settings.STORAGE.bucket
            for project in (self.project, self.foreign):
                draft = store_of(project.pk).draft()
                draft.write(b"x")
                draft.keep("docs/a.txt")
                store_of(project.pk).draft().write(b"x" * 9_000_000)
            key = self.project.pk
            delete_project(actor=self.alice, project=self.project, confirm="shop")
            self.assertIn(f"s3:{key}", sweep())
            self.assertEqual(sweep(), "")
            left = [one["Key"] for one in bucket.list_objects_v2(Bucket=name)["Contents"]]
            uploads = [one["Key"] for one in bucket.list_multipart_uploads(Bucket=name)["Uploads"]]
            self.assertTrue(left and uploads)
            self.assertTrue(all(str(self.foreign.pk) in one for one in (*left, *uploads)))

    def test_a_bucket_that_is_away_is_asked_again(self) -> None:
        with s3_server() as endpoint, s3_settings(endpoint):
            Remains.objects.create(project_id=uuid.uuid4(), due_at=timezone.now() - 2 * Remains.GRACE)
            with override_settings(STORAGE=settings.STORAGE.model_copy(update={"bucket": "nowhere"})):
                self.assertEqual(sweep(), "")
            self.assertTrue(Remains.objects.exists())
            sweep()
            self.assertFalse(Remains.objects.exists())


@contextmanager
def same_database() -> Iterator[None]:
    """A child process finds the database of the tests in the place of the platform's."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite":
        with mock.patch.dict(os.environ, {"M3M_DATABASE_NAME": name}):
            yield
        return
    place = Path(settings.DATA_DIR) / "m3m.sqlite3"
    place.unlink(missing_ok=True)
    place.symlink_to(name)
    yield
    place.unlink()


class SweepTaskTest(TransactionTestCase):
    def test_a_process_of_its_own_does_the_work(self) -> None:
        owner = User.objects.create_superuser("root@example.org")
        project = create_project(actor=owner, name="Gone")
        folder = made(Path(settings.STORAGE_ROOT) / str(project.pk))
        delete_project(actor=owner, project=project, confirm="gone")
        with same_database():
            sweep_leftovers(later="an argument of a newer version")
            until = time.monotonic() + PATIENCE
            while folder.exists() and time.monotonic() < until:
                time.sleep(0.05)
        self.assertFalse(folder.exists())

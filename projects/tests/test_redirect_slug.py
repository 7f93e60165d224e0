"""The address of a service under a former slug."""

from __future__ import annotations

from datetime import timedelta

from django.test import override_settings
from django.utils import timezone

from projects.actions.projects import create_project, delete_project, update_project
from projects.models import SlugAlias
from projects.tasks.sweep import sweep_leftovers
from projects.testing import ProjectCase


class RedirectSlugTest(ProjectCase):
    def place(self, path: str) -> tuple[int, str | None]:
        answer = self.client.get(path)
        return answer.status_code, answer.get("Location")

    def rename(self, slug: str) -> None:
        self.project = update_project(actor=self.alice, project=self.project, slug=slug)

    def test_it_leads_to_the_present_slug(self) -> None:
        self.assertEqual(self.place("/r/shop/a")[0], 503)
        self.rename("store")
        for path in ("/r/shop", "/r/shop/", "/r/shop/r/shop?x=%20y&z=1", "/api/r/shop/a"):
            self.assertEqual(self.place(path), (308, path.replace("shop", "store", 1)))
        self.assertEqual(self.client.get("/r/shop/")["X-M3M-Moved-To"], "store")
        self.assertEqual(self.place("/r/store/a")[0], 503)

    def test_it_follows_through_several_names(self) -> None:
        for slug in ("store", "market", "bazaar"):
            self.rename(slug)
        for slug in ("shop", "store", "market"):
            self.assertEqual(self.place(f"/r/{slug}/"), (308, "/r/bazaar/"))

    def test_it_may_go_back(self) -> None:
        self.rename("store")
        self.rename("shop")
        self.assertEqual(self.place("/r/shop/")[0], 503)
        self.assertEqual(self.place("/r/store/"), (308, "/r/shop/"))

    def test_a_project_that_takes_it_ends_it(self) -> None:
        self.rename("store")
        taken = create_project(actor=self.charlie, name="x", slug="shop")
        self.assertEqual(self.place("/r/shop/")[0], 503)
        delete_project(actor=self.charlie, project=taken, confirm="shop")
        self.assertEqual(self.place("/r/shop/")[0], 404)
        update_project(actor=self.charlie, project=self.foreign, slug="shop")
        self.rename("bazaar")
        update_project(actor=self.charlie, project=self.foreign, slug="store")
        self.assertEqual(self.place("/r/store/")[0], 503)

    def test_it_is_not_given_away_unasked(self) -> None:
        self.rename("store")
        self.assertEqual(create_project(actor=self.charlie, name="Shop").slug, "shop-2")

    def test_it_ends_with_its_time(self) -> None:
        self.rename("store")
        SlugAlias.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        self.assertEqual(self.place("/r/shop/")[0], 404)
        sweep_leftovers()
        self.assertFalse(SlugAlias.objects.exists())

    def test_it_ends_with_its_project(self) -> None:
        self.rename("store")
        delete_project(actor=self.alice, project=self.project, confirm="store")
        self.assertEqual(self.place("/r/shop/")[0], 404)

    @override_settings(SLUG_REDIRECT=0.0)
    def test_it_may_be_switched_off(self) -> None:
        self.rename("store")
        self.assertEqual(self.place("/r/shop/")[0], 404)

    @override_settings(SLUG_REDIRECT=3600.0)
    def test_it_lives_as_long_as_configured(self) -> None:
        self.rename("store")
        left = SlugAlias.objects.get().expires_at - timezone.now()
        self.assertAlmostEqual(left.total_seconds(), 3600, delta=60)

    def test_rest_knows_present_slugs_alone(self) -> None:
        self.rename("store")
        self.assertEqual(self.client_of(self.alice).get("/api/projects/shop").status_code, 404)

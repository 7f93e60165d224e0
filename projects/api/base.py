from __future__ import annotations

from functools import cached_property

from accounts.api.base import Door
from projects.models import Project

# Of answers that show a secret once.
UNCACHED = {"Cache-Control": "no-store"}


class ProjectDoor(Door):
    """A door below `/api/projects/<id or slug>/`."""

    @cached_property
    def project(self) -> Project:
        """The project of the address; raises NotFoundError when the actor does not see it."""
        return Project.objects.lookup(self.actor, self.kwargs["project"])

    @property
    def place(self) -> str:
        """The project itself: one made anew under the same slug is another, and who sees it no more gets nothing."""
        return str(self.project.pk)

from __future__ import annotations

from accounts.api.base import Door
from projects.models import Project

# Of answers that show a secret once.
UNCACHED = {"Cache-Control": "no-store"}


class ProjectDoor(Door):
    """A door below `/api/projects/<id or slug>/`."""

    @property
    def project(self) -> Project:
        """The project of the address; raises NotFoundError when the actor does not see it."""
        return Project.objects.lookup(self.actor, self.kwargs["project"])

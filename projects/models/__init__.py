from __future__ import annotations

from projects.models.env import EnvVar
from projects.models.project import Membership, Project

__all__ = ["EnvVar", "Membership", "Project"]

from __future__ import annotations

from projects.models.collection import Collection, FieldIndex, Record
from projects.models.env import EnvVar
from projects.models.project import Membership, Project
from projects.models.record_import import RecordImport

__all__ = ["Collection", "EnvVar", "FieldIndex", "Membership", "Project", "Record", "RecordImport"]

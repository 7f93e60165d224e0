from __future__ import annotations

from projects.models.collection import Collection, FieldIndex, Record
from projects.models.env import EnvVar
from projects.models.project import Membership, Project
from projects.models.storage import FileLink, StorageReservation, StorageUsage

__all__ = [
    "Collection",
    "EnvVar",
    "FieldIndex",
    "FileLink",
    "Membership",
    "Project",
    "Record",
    "StorageReservation",
    "StorageUsage",
]

from __future__ import annotations

from projects.models.alias import SlugAlias
from projects.models.collection import Collection, FieldIndex, Record
from projects.models.env import EnvVar
from projects.models.key import ApiKey
from projects.models.project import Membership, Project
from projects.models.record_import import RecordImport
from projects.models.remains import Remains
from projects.models.storage import FileLink, StorageReservation, StorageUsage

__all__ = [
    "ApiKey",
    "Collection",
    "EnvVar",
    "FieldIndex",
    "FileLink",
    "Membership",
    "Project",
    "Record",
    "RecordImport",
    "Remains",
    "SlugAlias",
    "StorageReservation",
    "StorageUsage",
]

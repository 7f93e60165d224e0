from __future__ import annotations

from pipeline.models.branch import Branch, BranchFile
from pipeline.models.release import Release, ReleaseNumber
from pipeline.models.revision import BranchRevision

__all__ = ["Branch", "BranchFile", "BranchRevision", "Release", "ReleaseNumber"]

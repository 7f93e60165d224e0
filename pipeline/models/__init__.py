from __future__ import annotations

from pipeline.models.branch import Branch, BranchFile
from pipeline.models.release import Release, ReleaseNumber

__all__ = ["Branch", "BranchFile", "Release", "ReleaseNumber"]

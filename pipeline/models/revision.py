"""The short history of a branch's drafts."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import NotFoundError
from accounts.models import User
from accounts.permissions import Actor
from pipeline.choices import RevisionKind
from pipeline.limits import AUTHOR_LENGTH, AUTOSAVE_SECONDS, HISTORY_BYTES, REVISIONS
from pipeline.models.branch import Branch, main_first
from projects.models import Project

_LARGEST = 2**31 - 1  # what a revision's column holds


class RevisionQuerySet(models.QuerySet["BranchRevision"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(branch__project__in=Project.objects.visible_to(actor))

    def get_revision(self, branch: Branch, revision: int) -> BranchRevision:
        """Raises NotFoundError."""
        found = self.filter(branch=branch, revision=revision).first() if revision <= _LARGEST else None
        if found is None:
            raise NotFoundError("revision_not_found", _("The history has no such revision."))
        return found

    def keep(self, branch: Branch, files: Mapping[str, str], kind: str, actor: Actor) -> None:
        """Add the present content of a branch. Wants a transaction with the branch locked.

        Content that the newest entry has already is no new entry; of what one author saves by itself the last of
        each five minutes stays; the oldest go.
        """
        packed = pack(files)
        digest = hashlib.sha256(packed).hexdigest()
        newest = self.filter(branch=branch).defer("packed").first()
        if newest is not None and newest.digest == digest:
            return
        now = timezone.now()
        label = str(actor)[:AUTHOR_LENGTH]
        if newest is not None and kind == RevisionKind.AUTOSAVE and newest.gives_way_to(label, now):
            newest.delete()
        self.create(
            branch=branch,
            revision=branch.revision,
            kind=kind,
            author=actor if isinstance(actor, User) else None,
            author_label=label,
            digest=digest,
            packed=packed,
            size=len(packed),
            count=len(files),
            created_at=now,
        )
        self._thin(branch)

    keep.alters_data = True  # type: ignore[attr-defined]

    def _thin(self, branch: Branch) -> None:
        """The newest always stays."""
        total, stale = 0, []
        rows = self.filter(branch=branch).order_by("-revision").values_list("pk", "size")
        for place, (pk, size) in enumerate(rows):
            total += size
            if place and (place >= REVISIONS or total > HISTORY_BYTES):
                stale.append(pk)
        self.filter(pk__in=stale).delete()


class BranchRevision(models.Model):
    """What a branch held after one save; `revision` is the branch's own at that moment."""

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="history", verbose_name=_("branch"))
    revision = models.PositiveIntegerField(_("revision"))
    kind = models.CharField(_("kind"), max_length=8, choices=RevisionKind.choices)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("author")
    )
    author_label = models.CharField(_("author"), max_length=AUTHOR_LENGTH, blank=True)
    digest = models.CharField(max_length=64, editable=False)
    packed = models.BinaryField(editable=False)
    size = models.PositiveIntegerField(_("bytes kept"))
    count = models.PositiveIntegerField(_("files"))
    created_at = models.DateTimeField(_("saved"))

    objects = RevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("revision of a branch")
        verbose_name_plural = _("revisions of branches")
        ordering = ("-revision",)
        constraints = (models.UniqueConstraint(fields=["branch", "revision"], name="one_entry_per_revision"),)

    def __str__(self) -> str:
        return str(self.revision)

    def as_files(self) -> dict[str, str]:
        """Name to code, `main` first."""
        return main_first(json.loads(zlib.decompress(self.packed)))

    def gives_way_to(self, author: str, moment: datetime) -> bool:
        """Whether this was saved by itself, by the same author and in the same five minutes of the clock."""
        spans = {at.timestamp() // AUTOSAVE_SECONDS for at in (self.created_at, moment)}
        return self.kind == RevisionKind.AUTOSAVE and self.author_label == author and len(spans) == 1


def pack(files: Mapping[str, str]) -> bytes:
    """The same bytes for the same files in any order."""
    return zlib.compress(json.dumps(dict(files), sort_keys=True, separators=(",", ":")).encode(), 3)

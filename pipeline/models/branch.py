"""Branches: lines of code that people edit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.errors import NotFoundError
from accounts.permissions import Actor
from projects.models import Project

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


def main_first(files: Mapping[str, str]) -> dict[str, str]:
    """Files in the order that people see them in."""
    return {name: files[name] for name in sorted(files, key=lambda name: (name != "main", name))}


class BranchQuerySet(models.QuerySet["Branch"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(project__in=Project.objects.visible_to(actor))

    def named(self, project: Project, name: str) -> Branch:
        """Raises NotFoundError."""
        found = None if "\0" in name else self.filter(project=project, name=name).first()
        if found is None:
            raise NotFoundError("branch_not_found", _("There is no such branch."))
        return found


class Branch(models.Model):
    """An editable line of code files. `revision` grows with each save, for those who saved something else."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="branches", verbose_name=_("project"))
    name = models.CharField(_("name"), max_length=64)
    revision = models.PositiveIntegerField(_("revision"), default=1)
    parent_branch = models.CharField(_("from branch"), max_length=64, blank=True)
    created_from_release = models.CharField(_("from release"), max_length=16, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = BranchQuerySet.as_manager()

    if TYPE_CHECKING:
        files: RelatedManager[BranchFile]

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["project", "name"], name="one_branch_per_name"),)

    def __str__(self) -> str:
        return self.name

    @property
    def etag(self) -> str:
        """Names this content; the id is in it, since a branch made anew begins at revision 1 again."""
        return f'"{self.pk}-{self.revision}"'

    def rename(self, name: str) -> None:
        """Take another name, also where other branches tell that they began here."""
        Branch.objects.filter(project=self.project_id, parent_branch=self.name).update(parent_branch=name)
        self.name = name
        self.save(update_fields=["name", "updated_at"])

    rename.alters_data = True  # type: ignore[attr-defined]

    def as_files(self) -> dict[str, str]:
        """Name to code, `main` first. One query."""
        return main_first(dict(self.files.values_list("name", "code")))

    def add_files(self, files: Mapping[str, str]) -> None:
        """Add checked files that are not there yet."""
        BranchFile.objects.bulk_create(
            [BranchFile(branch=self, name=name, code=code) for name, code in files.items()]
        )

    add_files.alters_data = True  # type: ignore[attr-defined]

    def put_files(self, files: Mapping[str, str]) -> None:
        """Replace the content by checked files and raise the revision. Wants a transaction with this row locked."""
        present = {file.name: file for file in self.files.all()}
        self.files.filter(name__in=present.keys() - files.keys()).delete()
        self.add_files({name: code for name, code in files.items() if name not in present})
        changed = [file for name, file in present.items() if name in files and file.code != files[name]]
        for file in changed:
            file.code = files[file.name]
        BranchFile.objects.bulk_update(changed, ["code"], batch_size=32)
        self.revision += 1
        self.save(update_fields=["revision", "updated_at"])

    put_files.alters_data = True  # type: ignore[attr-defined]


class BranchFile(models.Model):
    """One file of a branch; `main` is where a service begins."""

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="files")
    name = models.CharField(_("name"), max_length=255)
    code = models.TextField(_("code"), blank=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["branch", "name"], name="one_file_per_name"),)

    def __str__(self) -> str:
        return self.name

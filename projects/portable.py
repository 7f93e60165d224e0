"""The parts of an archive that are projects' own; the settings themselves stand in its manifest."""

from __future__ import annotations

from accounts.permissions import Actor
from projects.actions.env import replace_env
from projects.actions.env_import import unreadable_env
from projects.archives.env import PART, dump_env, read_env
from projects.models import Project
from projects.parts import ArchiveReader, ArchiveWriter, ExportOptions
from projects.sealing import SealError


class EnvPart:
    """Variables; an import leaves secrets out, and its answer lists them."""

    name = PART

    def dump(self, project: Project, archive: ArchiveWriter, options: ExportOptions) -> None:
        try:
            dump_env(project, archive)
        except SealError:
            raise unreadable_env() from None

    def load(self, project: Project, archive: ArchiveReader, actor: Actor) -> None:
        variables, _missing = read_env(archive)
        if variables:
            replace_env(actor=actor, project=project, variables=variables)

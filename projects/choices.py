from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Right(TextChoices):
    VIEW = "view", _("see the project")
    WORK = "work", _("code, releases, start and stop, logs, environment, files, records, goals")
    MEMBERS = "members", _("who belongs to the project")
    OWN = "own", _("settings, members, deletion")


class Color(TextChoices):
    RED = "red", _("red")
    ORANGE = "orange", _("orange")
    AMBER = "amber", _("amber")
    YELLOW = "yellow", _("yellow")
    LIME = "lime", _("lime")
    GREEN = "green", _("green")
    EMERALD = "emerald", _("emerald")
    TEAL = "teal", _("teal")
    CYAN = "cyan", _("cyan")
    SKY = "sky", _("sky blue")
    BLUE = "blue", _("blue")
    INDIGO = "indigo", _("indigo")
    VIOLET = "violet", _("violet")
    PURPLE = "purple", _("purple")
    FUCHSIA = "fuchsia", _("fuchsia")
    PINK = "pink", _("pink")


class EnvType(TextChoices):
    STRING = "string", _("text in one line")
    TEXT = "text", _("text of several lines")
    JSON = "json", _("JSON")
    INTEGER = "integer", _("integer")
    FLOAT = "float", _("number")
    BOOLEAN = "boolean", _("yes or no")
    SECRET = "secret", _("secret")


class FieldType(TextChoices):
    STRING = "string", _("text in one line")
    TEXT = "text", _("text of several lines")
    NUMBER = "number", _("number")
    FLOAT = "float", _("floating-point number")
    BOOL = "bool", _("yes or no")
    DOCUMENT = "document", _("any JSON")
    FILE = "file", _("file of the storage")
    REF = "ref", _("reference to a record")
    DATE = "date", _("date")
    DATETIME = "datetime", _("date and time")
    SELECT = "select", _("one of several options")
    MULTISELECT = "multiselect", _("some of several options")


class OnDelete(TextChoices):
    """What happens to a record when the one that it refers to is deleted."""

    RESTRICT = "restrict", _("refuse the deletion")
    CASCADE = "cascade", _("delete it too")
    SET_NULL = "set_null", _("empty the reference")


class IndexStatus(TextChoices):
    WANTED = "wanted", _("wanted")
    BUILDING = "building", _("being built")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")
    UNWANTED = "unwanted", _("to be dropped")


class ImportStatus(TextChoices):
    PENDING = "pending", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


FINAL_IMPORT_STATUSES = frozenset({ImportStatus.DONE, ImportStatus.FAILED, ImportStatus.CANCELLED})


class ImportMode(TextChoices):
    INSERT = "insert", _("new records")
    UPSERT = "upsert", _("new records, and changes of those that are there")


class OnImportError(TextChoices):
    ABORT = "abort", _("write nothing")
    SKIP = "skip", _("leave the line out")


class DataFormat(TextChoices):
    CSV = "csv", "CSV"
    JSON = "json", "JSON"
    JSONL = "jsonl", "JSON Lines"

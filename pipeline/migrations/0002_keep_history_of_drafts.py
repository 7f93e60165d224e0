from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def name_authors(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write down who published, as releases made from now on do."""
    Release = apps.get_model("pipeline", "Release")
    author = apps.get_model("accounts", "User").objects.filter(pk=models.OuterRef("author"))
    Release.objects.filter(author__isnull=False).update(
        author_label=models.Subquery(author.values("email")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0001_create_branches_and_releases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="release",
            name="author_label",
            field=models.CharField(blank=True, editable=False, max_length=254, verbose_name="author"),
        ),
        migrations.AlterField(
            model_name="release",
            name="created_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now, editable=False, verbose_name="published"
            ),
        ),
        migrations.CreateModel(
            name="BranchRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("revision", models.PositiveIntegerField(verbose_name="revision")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("create", "begun"),
                            ("save", "saved"),
                            ("autosave", "saved by itself"),
                            ("reset", "reset to a release"),
                            ("restore", "restored"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("author_label", models.CharField(blank=True, max_length=254, verbose_name="author")),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("packed", models.BinaryField()),
                ("size", models.PositiveIntegerField(verbose_name="bytes kept")),
                ("count", models.PositiveIntegerField(verbose_name="files")),
                ("created_at", models.DateTimeField(verbose_name="saved")),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="history",
                        to="pipeline.branch",
                        verbose_name="branch",
                    ),
                ),
            ],
            options={
                "verbose_name": "revision of a branch",
                "verbose_name_plural": "revisions of branches",
                "ordering": ("-revision",),
                "constraints": [
                    models.UniqueConstraint(fields=("branch", "revision"), name="one_entry_per_revision")
                ],
            },
        ),
        migrations.RunPython(name_authors, migrations.RunPython.noop),
    ]

from __future__ import annotations

import json
import logging
from typing import Any
from unittest import mock

from django.db import connection

from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.models import AuditEntry
from projects.actions.env import Variable, create_env, delete_env, replace_env, update_env
from projects.choices import EnvType
from projects.env_values import check_value
from projects.models import EnvVar, Project
from projects.sealing import SealError, seal, unseal
from projects.signals import env_changed
from projects.testing import ProjectCase

PLANTED = "pl4nted-s3cret"


class EnvCase(ProjectCase):
    def replace(self, *variables: dict[str, Any]) -> dict[str, Any]:
        replace_env(actor=self.bob, project=self.project, variables=variables)
        return EnvVar.objects.values_for(self.project)


class ReplaceEnvTest(EnvCase):
    def test_it_keeps_order_and_types(self) -> None:
        wanted: dict[str, tuple[str, Any]] = {
            "Z": ("string", "line"),
            "TEXT": ("text", "two\nlines"),
            "JSON": ("json", {"a": [1, None, True]}),
            "INT": ("integer", -7),
            "FLOAT": ("float", 1.5),
            "BOOL": ("boolean", False),
            "A": ("secret", PLANTED),
        }
        values = self.replace(
            *({"key": key, "type": kind, "value": value} for key, (kind, value) in wanted.items())
        )
        self.assertEqual(list(values.items()), [(key, value) for key, (_kind, value) in wanted.items()])
        self.assertEqual(EnvVar.objects.secrets_for(self.project), [PLANTED])
        with self.assertNumQueries(1):
            self.assertEqual(EnvVar.objects.opened_for(self.project), (values, [PLANTED]))

    def test_it_removes_what_is_left_out(self) -> None:
        self.replace({"key": "A", "value": "1"}, {"key": "B", "value": "2"})
        self.assertEqual(self.replace({"key": "B", "value": "3"}), {"B": "3"})
        self.assertEqual(self.replace(), {})

    def test_a_secret_without_value_keeps_its_own(self) -> None:
        self.replace({"key": "S", "type": "secret", "value": PLANTED})
        for without in ({}, {"value": None}):
            values = self.replace({"key": "N", "value": "1"}, {"key": "S", "type": "secret", **without})
            self.assertEqual(values, {"N": "1", "S": PLANTED})

    def test_nothing_else_may_lack_a_value(self) -> None:
        self.replace({"key": "S", "type": "secret", "value": PLANTED}, {"key": "T", "value": "1"})
        for wrong in (
            {"key": "T"},
            {"key": "NEW", "type": "secret"},
            {"key": "S", "type": "string"},
            {"key": "T", "type": "secret", "value": None},
        ):
            with self.subTest(wrong), self.assertRaises(UserError) as caught:
                self.replace(wrong)
            self.assertIn(caught.exception.code, ("env_value_missing", "env_value_invalid"))
            self.assertEqual(caught.exception.pointer, "/0/value")

    def test_an_error_changes_nothing(self) -> None:
        self.replace({"key": "A", "value": "1"})
        with self.assertRaises(UserError):
            self.replace({"key": "B", "value": "1"}, {"key": "C", "type": "integer", "value": "x"})
        self.assertEqual(EnvVar.objects.values_for(self.project), {"A": "1"})

    def test_it_refuses_too_many_and_doubles(self) -> None:
        self.replace(*({"key": f"K{n}", "value": ""} for n in range(64)))
        for variables in (
            [{"key": f"K{n}", "value": ""} for n in range(65)],
            [{"key": "A", "value": ""}] * 2,
        ):
            with self.assertRaises(UserError):
                self.replace(*variables)

    def test_it_refuses_wrong_keys(self) -> None:
        for key in ("", "1A", "A-B", "A B", "É", "A" * 129, "A\n", "A\x00"):
            with self.subTest(key), self.assertRaises(UserError) as caught:
                self.replace({"key": key, "value": "1"})
            self.assertEqual((caught.exception.code, caught.exception.pointer), ("env_key_invalid", "/0/key"))

    def test_it_tells_after_the_commit(self) -> None:
        heard: list[Project] = []

        def hear(project: Project, **_others: object) -> None:
            heard.append(project)

        env_changed.connect(hear)
        try:
            with self.captureOnCommitCallbacks(execute=True):
                self.replace({"key": "A", "value": "1"})
                self.assertEqual(heard, [])
        finally:
            env_changed.disconnect(hear)
        self.assertEqual(heard, [self.project])

    def test_charlie_may_not(self) -> None:
        with self.assertRaises(NotFoundError):
            replace_env(actor=self.charlie, project=self.project, variables=[])
        with self.assertRaises(NotFoundError):
            create_env(actor=self.charlie, project=self.project, variable=Variable("A", value="1"))
        with self.assertRaises(NotFoundError):
            update_env(actor=self.charlie, project=self.project, key="A", variable=Variable("A", value="1"))
        with self.assertRaises(NotFoundError):
            delete_env(actor=self.charlie, project=self.project, key="A")


class OneVariableTest(EnvCase):
    def test_it_is_created_at_the_end(self) -> None:
        self.replace({"key": "B", "value": "1"})
        create_env(actor=self.bob, project=self.project, variable=Variable("A", "integer", "5"))
        self.assertEqual(list(EnvVar.objects.values_for(self.project).items()), [("B", "1"), ("A", 5)])
        with self.assertRaises(ConflictError):
            create_env(actor=self.bob, project=self.project, variable=Variable("A", value="1"))

    def test_there_are_at_most_64(self) -> None:
        self.replace(*({"key": f"K{n}", "value": ""} for n in range(64)))
        with self.assertRaises(UserError):
            create_env(actor=self.bob, project=self.project, variable=Variable("A", value="1"))

    def test_it_is_changed(self) -> None:
        self.replace({"key": "A", "value": "1"}, {"key": "S", "type": "secret", "value": PLANTED})
        update_env(actor=self.bob, project=self.project, key="A", variable=Variable("A", "boolean", "true"))
        update_env(actor=self.bob, project=self.project, key="S", variable=Variable("S2", "secret"))
        self.assertEqual(EnvVar.objects.values_for(self.project), {"A": True, "S2": PLANTED})
        with self.assertRaises(ConflictError):
            update_env(actor=self.bob, project=self.project, key="A", variable=Variable("S2", value="1"))
        with self.assertRaises(NotFoundError):
            update_env(actor=self.bob, project=self.project, key="X", variable=Variable("X", value="1"))

    def test_it_is_deleted(self) -> None:
        self.replace({"key": "A", "value": "1"})
        delete_env(actor=self.bob, project=self.project, key="A")
        with self.assertRaises(NotFoundError):
            delete_env(actor=self.bob, project=self.project, key="A")


class ValuesTest(EnvCase):
    def test_what_fits(self) -> None:
        for kind, given, kept in (
            ("string", "", ""),
            ("string", "  x ", "  x "),
            ("integer", "-5", -5),
            ("integer", 5.0, 5),
            ("integer", 2**53 - 1, 2**53 - 1),
            ("float", "1e3", 1000.0),
            ("float", 5, 5.0),
            ("boolean", "TRUE", True),
            ("json", '{"a": 1}', {"a": 1}),
            ("json", [], []),
            ("json", None, None),
            ("json", "5", 5),
            ("text", "x" * 5120, "x" * 5120),
        ):
            found = check_value(kind, given)
            self.assertEqual((found, type(found)), (kept, type(kept)), (kind, given))

    def test_what_does_not(self) -> None:
        for kind, values in {
            "string": (5, None, True, {}, "a\nb", "\ud800"),
            "text": (5, [], "x" * 5121, "é" * 2561),
            "secret": (5, {}, "x" * 5121),
            "integer": ("x", 1.5, True, None, 2**53, "9" * 17, "١", [], float("inf")),
            "float": ("x", "nan", "inf", True, None, {}, "1e999"),
            "boolean": (1, "yes", None, []),
            "json": ("{", "NaN", "[" * 100000, [float("nan")], {"a": "x" * 5120}),
        }.items():
            for value in values:
                with self.subTest((kind, str(value)[:20])), self.assertRaises(UserError):
                    check_value(kind, value)

    def test_every_type_has_a_reader(self) -> None:
        for kind in EnvType.values:
            with self.assertRaises(UserError):
                check_value(kind, object())

    def test_an_unknown_type_is_refused(self) -> None:
        with self.assertRaises(UserError) as caught:
            self.replace({"key": "A", "type": "number", "value": 1})
        self.assertEqual(caught.exception.code, "env_type_unknown")


class SecrecyTest(EnvCase):
    def test_the_database_holds_nothing_readable(self) -> None:
        for kind in ("secret", "string", "text"):
            self.replace({"key": "S", "type": kind, "value": PLANTED})
            with connection.cursor() as cursor:
                cursor.execute("SELECT sealed FROM projects_envvar")
                sealed = bytes(cursor.fetchone()[0])
            self.assertNotIn(PLANTED.encode(), sealed)
        first = bytes(EnvVar.objects.get().sealed)
        self.replace({"key": "S", "value": PLANTED})
        self.assertNotEqual(bytes(EnvVar.objects.get().sealed), first, "each time another nonce")

    def test_a_seal_opens_in_its_place_alone(self) -> None:
        self.replace({"key": "S", "type": "secret", "value": PLANTED})
        variable = EnvVar.objects.get()
        for field, value in (("project", self.foreign), ("key", "T")):
            copy = EnvVar.objects.get()
            setattr(copy, field, value)
            with self.subTest(field), self.assertRaises(SealError):
                copy.open()
        self.assertEqual(variable.open(), PLANTED)

    def test_a_seal_opens_under_its_key_alone(self) -> None:
        sealed = seal(b"x", "here")
        with mock.patch("projects.sealing.settings.ENCRYPTION_KEY", "another"), self.assertRaises(SealError):
            unseal(sealed, "here")
        for broken in (
            b"",
            b"\x01",
            sealed[:-1],
            b"\x02" + sealed[1:],
            sealed[:-1] + bytes([sealed[-1] ^ 1]),
        ):
            with self.assertRaises(SealError):
                unseal(broken, "here")

    def test_audit_and_errors_and_repr_hold_no_value(self) -> None:
        planted: dict[str, Any] = {"key": "S", "type": "secret", "value": PLANTED}
        with self.assertLogs(level=logging.DEBUG) as logs:
            logging.getLogger().debug("begin")
            self.replace(planted)
            for kind in ("integer", "float", "boolean", "json", "nothing"):
                with self.assertRaises(UserError) as caught:
                    self.replace({**planted, "type": kind})
                error = caught.exception
                told = [
                    str(error),
                    repr(error),
                    error.args,
                    error.extra,
                    error.__cause__,
                    error.__suppress_context__,
                ]
                self.assertNotIn(PLANTED, str(told))
                self.assertTrue(error.__context__ is None or error.__suppress_context__)
        self.assertNotIn(PLANTED, str(logs.output))
        self.assertNotIn(PLANTED, json.dumps(list(AuditEntry.objects.values("before", "after"))))
        variable = EnvVar.objects.get()
        self.assertNotIn(
            PLANTED, repr(variable) + str(variable) + repr(Variable(**planted)) + repr(variable.__dict__)
        )
        self.assertIsNone(variable.shown())

"""env: the project's variables."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from runtime.modules.declaration import HostFunction, HostModule

_KEY = (("invalid_argument", _("the key is not a string")),)

MODULE = HostModule(
    name="env",
    names=("env", "$env"),
    doc=_(
        "The project's environment variables, typed as declared. Changes reach a running service without a restart."
    ),
    interfaces="/** The variables of this project; filled in by the editor of a project. */\ninterface EnvKeys {\n}\n",
    functions=(
        HostFunction(
            "get",
            "<K extends keyof EnvKeys>(key: K): EnvKeys[K]\n(key: string): any",
            _(
                "The value in its declared type, undefined when there is no such variable; json values are frozen."
            ),
            "const key = env.get('API_KEY');\nif (key === undefined) logger.warn('API_KEY is not set');",
            _KEY,
        ),
        HostFunction(
            "has",
            "(key: string): boolean",
            _("Whether there is such a variable."),
            "if (env.has('DEBUG')) logger.level = 'debug';",
            _KEY,
        ),
        HostFunction("keys", "(): string[]", _("The names of all variables."), "logger.info(env.keys());"),
        HostFunction(
            "getString",
            "(key: string, defaultValue?: string): string",
            _("The value as text; the default when there is no such variable."),
            "const greeting = env.getString('GREETING', 'Hello');",
            _KEY,
        ),
        HostFunction(
            "getInt",
            "(key: string, defaultValue?: number): number",
            _(
                "The value as a whole number, cut if it has a fraction; the default when there is none or it is no number."
            ),
            "const size = env.getInt('PAGE_SIZE', 20);",
            _KEY,
        ),
        HostFunction(
            "getFloat",
            "(key: string, defaultValue?: number): number",
            _("The value as a number; the default when there is none or it is no number."),
            "const ratio = env.getFloat('RATIO', 0.5);",
            _KEY,
        ),
        HostFunction(
            "getBool",
            "(key: string, defaultValue?: boolean): boolean",
            _("The value as true or false; also true, yes, on, 1 and their opposites as text."),
            "const verbose = env.getBool('VERBOSE', false);",
            _KEY,
        ),
        HostFunction(
            "getAll",
            "(): { [key: string]: any }",
            _("A copy of all variables."),
            "const { GREETING = 'Hello' } = env.getAll();",
        ),
    ),
)

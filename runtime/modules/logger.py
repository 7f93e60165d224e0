"""logger and console: lines of the run's log."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from runtime.modules.declaration import HostFunction, HostModule, HostProperty

INTERFACES = """\
type LogLevel = 'debug' | 'info' | 'warn' | 'error';
interface ChildLogger {
  debug(...args: any[]): void;
  info(...args: any[]): void;
  log(...args: any[]): void;
  warn(...args: any[]): void;
  error(...args: any[]): void;
  /** A logger with more fields before each line. */
  child(fields: { [key: string]: any }): ChildLogger;
  /** The least level that is written; the parent's until it is set. */
  level: LogLevel;
}
"""

_ARGS = "(...args: any[]): void"

MODULE = HostModule(
    name="logger",
    names=("logger", "$logger", "console"),
    doc=_(
        "Writes to the run's log; logger and console are one. A first string may hold %s %d %i %f %j %o %O; objects are "
        "shown four levels deep, a line has at most 10 000 characters."
    ),
    interfaces=INTERFACES,
    properties=(
        HostProperty(
            "level", "LogLevel", _("The least level that is written; debug at first."), readonly=False
        ),
    ),
    functions=(
        HostFunction(
            "debug", _ARGS, _("Writes a line of level DEBUG."), "logger.debug('cache', { hits: 3 });"
        ),
        HostFunction(
            "info", _ARGS, _("Writes a line of level INFO."), "logger.info('%s has %d items', 'cart', 2);"
        ),
        HostFunction(
            "log", _ARGS, _("Writes a line of level INFO."), "console.log('hello', { name: 'Ada' });"
        ),
        HostFunction(
            "warn", _ARGS, _("Writes a line of level WARN."), "logger.warn('slow answer', { ms: 950 });"
        ),
        HostFunction(
            "error",
            _ARGS,
            _("Writes a line of level ERROR; errors show their stack."),
            "try {\n  JSON.parse('{');\n} catch (error) {\n  logger.error('cannot read settings', error);\n}",
        ),
        HostFunction(
            "child",
            "(fields: { [key: string]: any }): ChildLogger",
            _("A logger that begins each line with these fields, and may have a level of its own."),
            "const log = logger.child({ job: 'sync' });\nlog.info('started');",
            (("invalid_argument", _("fields is not an object")),),
        ),
        HostFunction(
            "trace",
            _ARGS,
            _("Writes a line of level DEBUG with the stack of calls."),
            "console.trace('here');",
        ),
        HostFunction(
            "assert",
            "(condition: any, ...args: any[]): void",
            _("Writes a line of level ERROR if the condition does not hold; the script goes on."),
            "console.assert(1 + 1 === 2, 'arithmetic');",
        ),
        HostFunction(
            "count",
            "(label?: string): void",
            _("Writes how often it was called with this label."),
            "console.count('requests');",
        ),
        HostFunction(
            "countReset",
            "(label?: string): void",
            _("Counts from 0 again."),
            "console.countReset('requests');",
        ),
        HostFunction("time", "(label?: string): void", _("Starts a stopwatch."), "console.time('query');"),
        HostFunction(
            "timeLog",
            "(label?: string, ...args: any[]): void",
            _("Writes how long the stopwatch has run."),
            "console.time('work');\nconsole.timeLog('work', 'half way');",
        ),
        HostFunction(
            "timeEnd",
            "(label?: string): void",
            _("Writes how long the stopwatch has run, and ends it."),
            "console.time('work');\nconsole.timeEnd('work');",
        ),
        HostFunction(
            "table",
            "(data: any): void",
            _("Writes rows of an array or object as a table."),
            "console.table([{ name: 'Ada', age: 36 }, { name: 'Bob', age: 40 }]);",
        ),
        HostFunction(
            "dir",
            "(value: any): void",
            _("Writes a value as it is shown inside others."),
            "console.dir('text');",
        ),
        HostFunction(
            "group",
            _ARGS,
            _("Writes a line and indents the following ones."),
            "console.group('import');\nconsole.log('3 rows');\nconsole.groupEnd();",
        ),
        HostFunction(
            "groupCollapsed",
            _ARGS,
            _("The same as group."),
            "console.groupCollapsed('details');\nconsole.groupEnd();",
        ),
        HostFunction(
            "groupEnd", "(): void", _("Ends the indentation of the last group."), "console.groupEnd();"
        ),
    ),
)

"""What the platform needs from its servers, and whether it runs as a whole."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from importlib import import_module
from uuid import uuid4

from m3m_site.conf import load_config
from m3m_site.console import _
from m3m_site.doctor.findings import Check, Problem, Remark
from m3m_site.launcher.embedded import answers, find_redis

SKEW_SECONDS = 2.0
LATE = timedelta(minutes=10)


def check_redis() -> str:
    config = load_config()
    if not config.redis.uri:
        if found := find_redis():
            return _("embedded Redis: {path}").format(path=found)
        raise Problem(_("Redis is missing: install redis-server or valkey-server, or set M3M_REDIS_URI."))
    redis = import_module("redis")
    try:
        redis.Redis.from_url(config.redis.uri, socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        raise Problem(_("Redis does not answer: {error}").format(error=error)) from error
    return _("Redis answers")


def check_database() -> str:
    django = import_module("django")
    django.setup()
    database = import_module("django.db")
    try:
        database.connection.ensure_connection()
    except database.Error as error:
        reason = " ".join(str(error).split())
        raise Problem(_("The database cannot be used: {reason}").format(reason=reason)) from error
    return _("database {vendor}").format(vendor=database.connection.vendor)


def _with_database(check: Check) -> Check:
    """A check that can only be made where the database answers and has its tables."""

    @wraps(check)
    def wrapped() -> str:
        database = import_module("django.db")
        try:
            return check()
        except database.Error as error:
            name = check.__name__.removeprefix("check_")
            text = _("{name}: not looked at, for the database cannot be asked").format(name=name)
            raise Remark(text) from error

    return wrapped


@_with_database
def check_migrations() -> str:
    executors = import_module("django.db.migrations.executor")
    connection = import_module("django.db").connection
    executor = executors.MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending and not executor.loader.applied_migrations:
        raise Remark(_("the database is empty; m3m up or m3m prepare fills it"))
    if pending:
        message = _("{count} migrations are pending: stop the platform, make a backup, run m3m prepare.")
        raise Problem(message.format(count=len(pending)))
    return _("the database is up to date")


@_with_database
def check_root() -> str:
    user = import_module("django.contrib.auth").get_user_model()
    if not user.objects.filter(is_root=True).exists():
        raise Remark(_("there is no account yet; m3m up makes the first, or m3m new-admin EMAIL"))
    return _("there is a root account")


@_with_database
def check_node() -> str:
    names = [node.name for node in import_module("runtime.models").Node.objects.alive()]
    if names:
        return _("nodes alive: {names}").format(names=", ".join(sorted(names)))
    if answers():
        raise Problem(_("No node is alive, so no service runs; start m3m worker and read its log."))
    raise Remark(_("no node is alive: the platform does not run here"))


@_with_database
def check_beat() -> str:
    """Overdue is what should have been sent long ago, while a node shows that the platform runs."""
    node = import_module("runtime.models").Node
    if not node.objects.alive().exists():
        raise Remark(_("the clock of due tasks is looked at while the platform runs"))
    now = import_module("django.utils.timezone").now()
    tasks = import_module("django_celery_beat.models").PeriodicTask.objects.filter(enabled=True)
    late = [
        task.name
        for task in tasks.exclude(interval=None).select_related("interval")
        if (task.last_run_at or task.date_changed) + task.schedule.run_every + LATE < now
    ]
    if late:
        message = _("Tasks are overdue ({names}); start m3m beat, exactly one, and read its log.")
        raise Problem(message.format(names=", ".join(sorted(late))))
    return _("due tasks are sent in time")


def check_storage() -> str:
    """Files of projects can be written where they are to be. Beside a bucket the folder holds previews."""
    config = load_config()
    folder = config.path(config.storage.path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"m3m")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        message = _("Files cannot be kept in {folder} ({error}); see storage.path.")
        raise Problem(message.format(folder=folder, error=error.strerror)) from error
    if config.storage.driver == "s3":
        return _try_bucket(config.storage.bucket)
    return _("files are kept in {folder}").format(folder=folder)


def _try_bucket(bucket: str) -> str:
    """Has the store make, read and remove a file of a project that there is not."""
    store = import_module("projects.files.store").store_of(uuid4())
    user_error = import_module("accounts.errors").UserError
    draft = store.draft()
    try:
        draft.write(b"m3m")
        draft.keep("doctor")
        with store.open("doctor") as file:
            b"".join(file.chunks())
        store.destroy()
    except user_error as error:
        message = _(
            "Files cannot be kept in the bucket {bucket}: {error} See the log above, and storage.endpoint, "
            "storage.access_key and storage.secret_key; reading, writing, listing and deleting must be allowed."
        )
        raise Problem(message.format(bucket=bucket, error=error)) from error
    return _("files are kept in the bucket {bucket}").format(bucket=bucket)


def _database_clock() -> float:
    connection = import_module("django.db").connection
    if connection.vendor != "postgresql":
        return time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])


@_with_database
def check_clock() -> str:
    """Leases and tokens count on clocks that agree."""
    return _compare(_database_clock)


def _compare(clock: Callable[[], float]) -> str:
    skew = abs(clock() - time.time())
    if skew > SKEW_SECONDS:
        message = _(
            "The clocks of this machine and of the database differ by {seconds:.0f} s; set both by NTP."
        )
        raise Problem(message.format(seconds=skew))
    return _("the clocks agree")


PLATFORM_CHECKS: tuple[Check, ...] = (
    check_redis,
    check_database,
    check_migrations,
    check_root,
    check_node,
    check_beat,
    check_storage,
    check_clock,
)

"""Databases and brokers that whole platforms are tested with: the embedded ones, and PostgreSQL with Redis."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import redis

HOST, PORT, USER = (
    os.environ.get("M3M_TEST_POSTGRES_HOST", "127.0.0.1"),
    int(os.environ.get("M3M_TEST_POSTGRES_PORT", "5432")),
    "postgres",
)
REDIS = os.environ.get("M3M_TEST_REDIS", "redis://127.0.0.1:6379/6")
KINDS = ("embedded", "postgresql")


@contextmanager
def store(kind: str) -> Iterator[dict[str, str]]:
    """The environment of a platform on a store that lives as long as the block."""
    if kind == "embedded":
        yield {}
        return
    name = f"m3m_test_{secrets.token_hex(4)}"
    with _server() as server:
        server.execute(f'CREATE DATABASE "{name}"')
    redis.Redis.from_url(REDIS).flushdb()
    try:
        yield {
            "M3M_DATABASE_DRIVER": "postgresql",
            "M3M_DATABASE_HOST": HOST,
            "M3M_DATABASE_PORT": str(PORT),
            "M3M_DATABASE_NAME": name,
            "M3M_DATABASE_USER": USER,
            "M3M_REDIS_URI": REDIS,
        }
    finally:
        redis.Redis.from_url(REDIS).flushdb()
        with _server() as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def missing(kind: str) -> str:
    """Why a store cannot be had here, in a sentence; empty when it can."""
    if kind == "embedded":
        return ""
    try:
        with _server():
            pass
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).ping()
    except (psycopg.Error, redis.RedisError) as error:
        return f"PostgreSQL at {HOST}:{PORT} and Redis at {REDIS} are needed: {' '.join(str(error).split())}"
    return ""


def _server() -> psycopg.Connection:
    return psycopg.connect(
        host=HOST, port=PORT, user=USER, dbname="postgres", autocommit=True, connect_timeout=3
    )

"""A real server that speaks S3, in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test import override_settings


@contextmanager
def s3_server() -> Iterator[str]:
    """Address of the server; it ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        for _attempt in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the server died"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def s3_settings(endpoint: str) -> Iterator[Any]:
    """A new, empty bucket as the configured storage; yields boto3's client."""
    from projects.files import s3  # noqa: PLC0415  (loads boto3)

    chosen = {
        "driver": "s3",
        "bucket": f"bucket-{uuid.uuid4().hex[:12]}",
        "endpoint": endpoint,
        "access_key": "key",
        "secret_key": "secret",
        "region": "us-east-1",
        "prefix": "m3m",
    }
    with override_settings(STORAGE=settings.STORAGE.model_copy(update=chosen)):
        s3._storage.cache_clear()
        try:
            s3.client().create_bucket(Bucket=chosen["bucket"])
            yield s3.client()
        finally:
            s3._storage.cache_clear()

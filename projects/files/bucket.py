"""Objects of S3 while they are read or written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from projects.files import errors
from projects.files.store import Change, Entry
from projects.files.trees import new_name

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

# S3 takes no smaller part, but for the last one.
_PART = 8 * 1024 * 1024
_CHUNK = 256 * 1024

# Draft, path, overwrite, if_match.
Put = Callable[["S3Draft", str, bool, str | None], Change]


@contextmanager
def bucket_errors() -> Iterator[None]:
    """What S3 refuses becomes UserError, and is logged unless the caller can mend it."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 404:
            raise errors.not_found() from error
        log.error("the bucket cannot be used: %s", error)
        raise (errors.storage_full() if status == 507 else errors.unavailable()) from error
    except BotoCoreError as error:
        log.error("the bucket cannot be used: %s", error)
        raise errors.unavailable() from error


class S3Draft:
    """Small files stay in memory until they are kept; of larger ones the parts wait at S3 below `tmp/`."""

    def __init__(self, client: S3Client, bucket: str, tmp: str, keep: Put) -> None:
        self._client, self._bucket, self._put = client, bucket, keep
        self._key = tmp + new_name()
        self._buffer = bytearray()
        self._upload = ""
        self._parts: list[Any] = []
        self._finished = False
        self.size = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self._buffer += data
        with bucket_errors():
            while len(self._buffer) >= _PART:
                self._send(bytes(self._buffer[:_PART]))
                del self._buffer[:_PART]

    def keep(self, path: str, *, overwrite: bool = False, if_match: str | None = None) -> Change:
        with bucket_errors():
            change = self._put(self, path, overwrite, if_match)
        self.discard()
        return change

    def put(self, key: str, condition: Any) -> None:  # noqa: ANN401  (If-Match or If-None-Match)
        """Make the object. Raises ClientError."""
        if not self._upload:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=bytes(self._buffer), **condition)
            return
        if self._buffer:
            self._send(bytes(self._buffer))
            self._buffer.clear()
        if not self._finished:
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload,
                MultipartUpload={"Parts": self._parts},
            )
            self._finished = True
        # Within S3. Its managed copy takes no conditions; the look just before is as near as it gets.
        self._client.copy({"Bucket": self._bucket, "Key": self._key}, self._bucket, key)

    def discard(self) -> None:
        self._buffer.clear()
        upload, self._upload = self._upload, ""
        if not upload:
            return
        with bucket_errors():
            if self._finished:
                self._client.delete_object(Bucket=self._bucket, Key=self._key)
            else:
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=upload)

    def _send(self, data: bytes) -> None:
        if not self._upload:
            made = self._client.create_multipart_upload(Bucket=self._bucket, Key=self._key)
            self._upload = made["UploadId"]
        number = len(self._parts) + 1
        sent = self._client.upload_part(
            Bucket=self._bucket, Key=self._key, UploadId=self._upload, PartNumber=number, Body=data
        )
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})


class S3Opened:
    """An object as it was when it was looked at: another one in its place is not read."""

    def __init__(self, client: S3Client, bucket: str, key: str, entry: Entry) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self.entry = entry
        self._body: Any = None

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        stop = self.entry.size if stop is None else stop
        if start >= stop:
            return
        with bucket_errors():
            found = self._client.get_object(
                Bucket=self._bucket,
                Key=self._key,
                Range=f"bytes={start}-{stop - 1}",
                IfMatch=self.entry.etag,
            )
            self._body = found["Body"]
            yield from self._body.iter_chunks(_CHUNK)

    def close(self) -> None:
        if self._body is not None:
            self._body.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

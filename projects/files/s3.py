"""Files in a bucket of S3, or of what speaks like it. Loaded only where it is configured: boto3 is heavy.

A file is the object `<prefix>/<project id>/storage/<path>`, a folder an empty object whose key ends in a slash, as
S3's own console has it. What is not finished stands below `<prefix>/<project id>/tmp/`.
S3 knows no rename: moving a folder copies its objects first and deletes the old ones when all are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from botocore.exceptions import ClientError
from django.conf import settings
from storages.backends.s3 import S3Storage

from accounts.etags import StaleError, check_if_match
from projects.files import errors
from projects.files.bucket import S3Draft, S3Opened, bucket_errors
from projects.files.store import Change, Draft, Entry, Meter, Opened, sorted_entries
from projects.folding import fold
from projects.limits import PATH_BYTES, PATH_DEPTH
from projects.names import check_path, path_parts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BATCH = 1000


@lru_cache(maxsize=1)
def _storage() -> S3Storage:
    """django-storages' view of the configured bucket: credentials, addressing and connections are its business."""
    chosen = settings.STORAGE
    return S3Storage(
        bucket_name=chosen.bucket,
        endpoint_url=chosen.endpoint or None,
        access_key=chosen.access_key or None,
        secret_key=chosen.secret_key or None,
        region_name=chosen.region or None,
        addressing_style="path" if chosen.endpoint else None,
    )


def client() -> S3Client:
    """boto3's client; each thread has its own connection."""
    found: S3Client = _storage().connection.meta.client
    return found


class S3Store:
    def __init__(self, project_id: UUID) -> None:
        self._bucket = settings.STORAGE.bucket
        self._home = "/".join(part for part in (settings.STORAGE.prefix.strip("/"), str(project_id)) if part)
        self._root = f"{self._home}/storage/"
        self._tmp = "/".join((self._home, "tmp", ""))

    def stat(self, path: str) -> Entry:
        path = "/".join(path_parts(path))
        found = self._look(path)
        if found is None:
            raise errors.not_found()
        return found

    def list(
        self, path: str = "", *, order: str = "name", search: str = "", recursive: bool = False
    ) -> Sequence[Entry]:
        path = "/".join(path_parts(path))
        if path and not self.stat(path).is_dir:
            raise errors.not_found()
        above = f"{path}/" if path else ""
        found = list(self._below(above) if recursive or search else self._directly(above))
        if search:
            wanted = fold(search)
            found = [entry for entry in found if wanted in fold(entry.name)]
        return sorted_entries(found, order)

    def open(self, path: str) -> Opened:
        path = check_path(path)
        entry = self.stat(path)
        if entry.is_dir:
            raise errors.is_folder()
        return S3Opened(client(), self._bucket, self._root + path, entry)

    def draft(self) -> Draft:
        return S3Draft(client(), self._bucket, self._tmp, self._put)

    def mkdir(self, path: str) -> Change:
        path = check_path(path)
        if self._look(path) is not None:
            raise errors.exists()
        made = self._make_folders(path)
        return Change(0, made, self.stat(path))

    def move(self, path: str, new_path: str, *, overwrite: bool = False) -> Change:
        path, new_path = check_path(path), check_path(new_path, "/new_path")
        copied = self.copy(path, new_path, overwrite=overwrite, meter=lambda _size, _files: None)
        gone = self.delete(path, recursive=True)
        return Change(copied.bytes + gone.bytes, copied.files + gone.files, copied.entry)

    def copy(self, path: str, new_path: str, *, overwrite: bool = False, meter: Meter) -> Change:
        path, new_path = check_path(path), check_path(new_path, "/new_path")
        if f"{new_path}/".startswith(f"{path}/"):
            raise errors.exists() if path == new_path else errors.into_itself()
        source = self.stat(path)
        there = self._look(new_path)
        if there is not None and (there.is_dir or source.is_dir or not overwrite):
            raise errors.exists()
        above = new_path.rpartition("/")[0]
        if not source.is_dir:
            meter(source.size, 1)
            made = self._make_folders(above)
            self._copy_object(path, new_path)
            return _replaced(there, source.size, made, self.stat(new_path))
        entries = list(self._below(f"{path}/"))
        _check_extent(entries, path, new_path)
        meter(sum(entry.size for entry in entries), len(entries) + 1)
        made = self._make_folders(new_path)
        for entry in entries:
            slash = "/" if entry.is_dir else ""
            self._copy_object(entry.path + slash, new_path + entry.path[len(path) :] + slash)
        size = sum(entry.size for entry in entries)
        return Change(size, len(entries) + made, self.stat(new_path))

    def delete(self, path: str, *, recursive: bool = False) -> Change:
        path = check_path(path)
        found = self.stat(path)
        if not found.is_dir:
            self._delete_objects([self._root + path])
            return Change(-found.size, -1)
        entries = list(self._below(f"{path}/"))
        if entries and not recursive:
            raise errors.not_empty()
        keys = [self._root + entry.path + ("/" if entry.is_dir else "") for entry in reversed(entries)]
        self._delete_objects([*keys, f"{self._root}{path}/"])
        return Change(-sum(entry.size for entry in entries), -len(entries) - 1)

    def usage(self) -> Change:
        size = files = 0
        for entry in self._below(""):
            size, files = size + entry.size, files + 1
        return Change(size, files)

    def sweep(self, before: datetime) -> int:
        with bucket_errors():
            stale = [one["Key"] for one in self._objects(self._tmp) if one["LastModified"] < before]
            self._delete_objects(stale)
            uploads = [one for one in self._uploads() if one["Initiated"] < before]
            self._abort_uploads(uploads)
        return len(stale) + len(uploads)

    def holds_anything(self) -> bool:
        with bucket_errors():
            found = client().list_objects_v2(Bucket=self._bucket, Prefix=f"{self._home}/", MaxKeys=1)
            return bool(found.get("Contents")) or next(self._uploads(), None) is not None

    def destroy(self) -> None:
        with bucket_errors():
            self._abort_uploads(self._uploads())
            batch: list[str] = []
            for one in self._objects(f"{self._home}/"):
                batch.append(one["Key"])
                if len(batch) == _BATCH:
                    self._delete_objects(batch)
                    batch = []
            self._delete_objects(batch)

    def _uploads(self) -> Iterator[Any]:
        """Files that are sent in parts and were not finished: no list of objects has them."""
        pages = client().get_paginator("list_multipart_uploads")
        for page in pages.paginate(Bucket=self._bucket, Prefix=self._tmp):
            yield from page.get("Uploads", [])

    def _abort_uploads(self, uploads: Iterable[Any]) -> None:
        for one in uploads:
            client().abort_multipart_upload(Bucket=self._bucket, Key=one["Key"], UploadId=one["UploadId"])

    def _look(self, path: str) -> Entry | None:
        """The file or folder at a path. At most three requests."""
        if not path:
            return Entry("", True, 0, datetime.now(UTC))
        with bucket_errors():
            if (found := self._head(path)) is not None:
                return Entry(path, False, found["ContentLength"], found["LastModified"], found["ETag"])
            if (found := self._head(f"{path}/")) is not None:
                return Entry(path, True, 0, found["LastModified"])
            below = client().list_objects_v2(Bucket=self._bucket, Prefix=f"{self._root}{path}/", MaxKeys=1)
            # Folders that other programs made have no object of their own.
            return Entry(path, True, 0, datetime.now(UTC)) if below.get("Contents") else None

    def _head(self, name: str) -> Any:  # noqa: ANN401  (what S3 says of an object)
        try:
            return client().head_object(Bucket=self._bucket, Key=self._root + name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def _objects(self, prefix: str) -> Iterator[Any]:
        pages = client().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            yield from page.get("Contents", [])

    def _below(self, above: str) -> Iterator[Entry]:
        """All below a folder, folders that have no object of their own included."""
        seen: set[str] = set()
        with bucket_errors():
            for one in self._objects(self._root + above):
                path = one["Key"][len(self._root) :]
                steps = path.rstrip("/").split("/")
                depth = above.count("/")
                for count in range(depth + 1, len(steps) + (1 if path.endswith("/") else 0)):
                    folder = "/".join(steps[:count])
                    if folder not in seen:
                        seen.add(folder)
                        yield Entry(folder, True, 0, one["LastModified"])
                if not path.endswith("/"):
                    yield Entry(path, False, one["Size"], one["LastModified"], one["ETag"])

    def _directly(self, above: str) -> Iterator[Entry]:
        """What is in one folder."""
        start = self._root + above
        pages = client().get_paginator("list_objects_v2")
        with bucket_errors():
            for page in pages.paginate(Bucket=self._bucket, Prefix=start, Delimiter="/"):
                for folder in page.get("CommonPrefixes", []):
                    yield Entry(
                        folder["Prefix"][len(self._root) : -1], True, 0, datetime.fromtimestamp(0, UTC)
                    )
                for one in page.get("Contents", []):
                    if one["Key"] != start:
                        path = one["Key"][len(self._root) :]
                        yield Entry(path, False, one["Size"], one["LastModified"], one["ETag"])

    def _put(self, draft: S3Draft, path: str, overwrite: bool, if_match: str | None) -> Change:
        """A draft's last step: the conditions go along, so that S3 itself decides between two at once."""
        path = check_path(path)
        there = self._look(path)
        if there is None and if_match is not None:
            raise StaleError
        if there is not None:
            if there.is_dir:
                raise errors.exists()
            check_if_match(if_match, there.etag)
            if not overwrite:
                raise errors.exists()
        made = self._make_folders(path.rpartition("/")[0])
        condition = (
            {"IfMatch": there.etag} if there and if_match else {} if overwrite else {"IfNoneMatch": "*"}
        )
        try:
            draft.put(self._root + path, condition)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (409, 412):
                raise (StaleError() if if_match else errors.exists()) from error
            raise
        return _replaced(there, draft.size, made, self.stat(path))

    def _make_folders(self, path: str) -> int:
        """Make what is missing of a path of folders; how many these were. A folder that is there has all above it."""
        missing = []
        with bucket_errors():
            while path and self._head(f"{path}/") is None:
                if self._head(path) is not None:
                    raise errors.not_a_folder()
                missing.append(path)
                path = path.rpartition("/")[0]
            for folder in reversed(missing):
                client().put_object(Bucket=self._bucket, Key=f"{self._root}{folder}/", Body=b"")
        return len(missing)

    def _copy_object(self, name: str, new_name: str) -> None:
        source = {"Bucket": self._bucket, "Key": self._root + name}
        with bucket_errors():
            client().copy(source, self._bucket, self._root + new_name)  # type: ignore[arg-type]

    def _delete_objects(self, keys: Sequence[str]) -> None:
        with bucket_errors():
            for start in range(0, len(keys), _BATCH):
                batch: Any = [{"Key": key} for key in keys[start : start + _BATCH]]
                client().delete_objects(Bucket=self._bucket, Delete={"Objects": batch, "Quiet": True})


def _replaced(there: Entry | None, size: int, made: int, entry: Entry) -> Change:
    if there is None:
        return Change(size, made + 1, entry)
    return Change(size - there.size, made, entry)


def _check_extent(entries: list[Entry], path: str, new_path: str) -> None:
    """Raises UserError when something in a folder would get too long or too deep a path."""
    for entry in entries:
        moved = new_path + entry.path[len(path) :]
        if len(moved.encode()) > PATH_BYTES or moved.count("/") + 1 > PATH_DEPTH:
            raise errors.too_deep()

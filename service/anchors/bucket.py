"""Notes in a bucket whose objects nobody can change or remove before their time.

The credentials are the anchor's alone, and should be allowed to put and to get, not to delete.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import parse_qs, urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import MinioException, S3Error
from minio.retention import Retention
from urllib3.exceptions import HTTPError

from service.anchors.port import PlaceError
from service.settings import SettingsError

#: Seconds to reach the server, and to wait for its next byte.
_CONNECT, _READ = 3.0, 20.0

#: A note is never longer.
_LONGEST = 16_384


class Bucket:
    """A bucket with object lock on any S3 server."""

    name = "bucket"
    outside = True

    def __init__(self, client: Minio, bucket: str, *, days: int) -> None:
        """Use `of`."""
        self._client = client
        self._bucket = bucket
        self._days = days

    @classmethod
    def of(cls, setting: str, *, access_key: str, secret_key: str, days: int) -> Self:
        """Read `s3://BUCKET?endpoint=URL&region=REGION`; `days` is how long a note is locked.

        Raises `SettingsError`.
        """
        url = urlsplit(setting)
        options = {name: values[-1] for name, values in parse_qs(url.query).items()}
        server = urlsplit(options.get("endpoint", ""))
        if url.scheme != "s3" or not url.netloc or server.scheme not in {"http", "https"}:
            message = "GUIDANG_ANCHOR_BUCKET must be s3://BUCKET?endpoint=URL"
            raise SettingsError(message)
        pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_CONNECT, read=_READ),
            retries=urllib3.Retry(total=1, backoff_factor=0.2),
            cert_reqs="CERT_REQUIRED",
        )
        client = Minio(
            endpoint=server.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=server.scheme == "https",
            region=options.get("region", "us-east-1"),
            http_client=pool,
        )
        return cls(client, url.netloc, days=days)

    def put(self, name: str, text: str) -> None:
        """Write an object that stays until its day, whatever anybody's credentials."""
        data = text.encode()
        with _trouble():
            if self._same(name, data):
                return
            self._client.put_object(
                bucket_name=self._bucket,
                object_name=name,
                data=io.BytesIO(data),
                length=len(data),
                content_type="text/plain; charset=utf-8",
                retention=Retention(COMPLIANCE, datetime.now(UTC) + timedelta(days=self._days)),
            )

    def _same(self, name: str, data: bytes) -> bool:
        """Say whether it lies there already, locked: it need not be kept twice."""
        try:
            kept = self._client.get_object_retention(bucket_name=self._bucket, object_name=name)
            return kept is not None and self._read(name) == data
        except S3Error as error:
            if error.code in {"NoSuchKey", "NoSuchObject", "NoSuchObjectLockConfiguration"}:
                return False
            raise

    def notes(self, newest: int) -> list[str]:
        """Return the newest notes: their names begin with the size."""
        with _trouble():
            found = self._client.list_objects(bucket_name=self._bucket)
            names = sorted(
                (o.object_name for o in found if (o.object_name or "").endswith(".note")),
                key=str,
                reverse=True,
            )
            return [self._read(str(name)).decode("utf-8", "replace") for name in names[:newest]]

    def _read(self, name: str) -> bytes:
        answer = self._client.get_object(bucket_name=self._bucket, object_name=name)
        try:
            return bytes(answer.read(_LONGEST))
        finally:
            answer.close()
            answer.release_conn()


@contextmanager
def _trouble() -> Iterator[None]:
    """Tell the client's errors as sentences without addresses and names."""
    try:
        yield
    except S3Error as error:
        message = f"the bucket refuses: {error.code}"
        raise PlaceError(message) from error
    except (MinioException, HTTPError, ValueError) as error:
        message = "the bucket's server does not answer"
        raise PlaceError(message) from error

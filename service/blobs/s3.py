"""Objects in a bucket of any S3 server (MinIO, SeaweedFS, Amazon and others)."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, Self, cast
from urllib.parse import parse_qs, urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from service.blobs.names import checked, is_name
from service.blobs.port import BlobExists, BlobMissing, Stored
from service.blobs.ranges import Exactly, check_range
from service.errors import Unavailable

#: Seconds to reach the server, and to wait for its next byte; one more try after the first.
_CONNECT, _READ, _TRIES = 2.0, 20.0, 1
#: A server that lists versions may show one it is just deleting; look again this often.
_ROUNDS = 5
_MISSING = frozenset({"NoSuchKey", "NoSuchObject", "NoSuchVersion"})
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_BUFFER = 256 * 1024
#: How much is shown of what a server calls itself.
_NAME = 60


class S3:
    """A store in a bucket. May be used by many threads, not across a fork."""

    def __init__(
        self,
        endpoint: str,
        bucket: str,
        *,
        access_key: str,
        secret_key: str,
        region: str = "us-east-1",
    ) -> None:
        """Prepare the client; nothing is asked yet. `endpoint` is the URL of the server."""
        url = urlsplit(endpoint)
        if url.scheme not in {"http", "https"} or not url.netloc or url.path.strip("/"):
            raise ValueError(f"not the URL of an S3 server: {endpoint!r}")
        self._endpoint = endpoint
        self._bucket = bucket
        self._pool = _NeverOverwrite(
            maxsize=64,
            timeout=urllib3.Timeout(connect=_CONNECT, read=_READ),
            retries=urllib3.Retry(
                total=_TRIES, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]
            ),
            cert_reqs="CERT_REQUIRED",
        )
        self._client = Minio(
            endpoint=url.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=url.scheme == "https",
            region=region,
            http_client=self._pool,
        )

    @classmethod
    def of(cls, setting: str, *, access_key: str, secret_key: str) -> Self:
        """Read a setting such as `s3://bucket?endpoint=https://s3.example.cn&region=cn-1`."""
        url = urlsplit(setting)
        options = {name: values[-1] for name, values in parse_qs(url.query).items()}
        endpoint = options.pop("endpoint", "")
        region = options.pop("region", "us-east-1")
        if options or not url.netloc or url.path.strip("/"):
            raise ValueError("a bucket is given as s3://BUCKET?endpoint=URL&region=REGION")
        return cls(
            endpoint, url.netloc, access_key=access_key, secret_key=secret_key, region=region
        )

    def put(self, name: str, source: BinaryIO, size: int) -> None:
        """Store exactly `size` bytes of `source` under `name`; raises `BlobExists`.

        The existence is asked first, for servers that do not know If-None-Match.
        """
        with _trouble(name):
            if self._exists(checked(name)):
                raise BlobExists(name)
            self._client.put_object(
                bucket_name=self._bucket,
                object_name=name,
                data=cast("BinaryIO", Exactly(source, size)),
                length=size,
            )

    def open(self, name: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Return the object's bytes from `start`; raises `BlobMissing`."""
        check_range(start, length)
        if length == 0:  # the client takes that for "all"
            self.size(name)
            return io.BytesIO()
        with _trouble(name):
            try:
                response = self._client.get_object(
                    bucket_name=self._bucket,
                    object_name=checked(name),
                    offset=start,
                    length=length or 0,
                )
            except S3Error as error:
                if error.code == "InvalidRange":  # from behind the end
                    return io.BytesIO()
                raise
        return cast("BinaryIO", io.BufferedReader(_Body(response), _BUFFER))

    def size(self, name: str) -> int:
        """Return the object's size; raises `BlobMissing`."""
        with _trouble(name):
            status = self._client.stat_object(bucket_name=self._bucket, object_name=checked(name))
            return int(status.size or 0)

    def delete(self, name: str) -> None:
        """Remove the object with all its versions and delete markers."""
        with _trouble(name):
            for _ in range(_ROUNDS):
                versions = tuple(self._versions(checked(name)))
                if not versions:
                    return
                for version in versions:
                    self._client.remove_object(
                        bucket_name=self._bucket, object_name=name, version_id=version
                    )
        raise Unavailable("blobs")

    def list(self) -> Iterator[Stored]:
        """Return every object; those of other names are not ours."""
        with _trouble():
            for each in self._client.list_objects(bucket_name=self._bucket, recursive=True):
                if each.object_name and is_name(each.object_name) and each.last_modified:
                    yield Stored(each.object_name, each.size or 0, each.last_modified)

    def server(self) -> Mapping[str, str]:
        """Return what the server calls itself in its answers; many leave the version out."""
        with _trouble():
            answer = self._pool.request("HEAD", self._endpoint, redirect=False, retries=False)
        told = answer.headers.get("Server", "").strip()[:_NAME]
        return {"S3": told} if told.isprintable() and told else {}

    def check(self) -> None:
        """Raise `Unavailable("blobs")` unless the server answers and the bucket is there."""
        with _trouble():
            if not self._client.bucket_exists(bucket_name=self._bucket):
                raise Unavailable("blobs", "The bucket for stored files is missing.")

    def prepare(self) -> None:
        """Make the bucket if it is absent; the credentials may lack the right to."""
        with _trouble():
            if not self._client.bucket_exists(bucket_name=self._bucket):
                self._client.make_bucket(bucket_name=self._bucket)

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def _exists(self, name: str) -> bool:
        try:
            self._client.stat_object(bucket_name=self._bucket, object_name=name)
        except S3Error as error:
            if error.code in _MISSING:
                return False
            raise
        return True

    def _versions(self, name: str) -> Iterator[str | None]:
        found = self._client.list_objects(
            bucket_name=self._bucket, prefix=name, recursive=True, include_version=True
        )
        return (each.version_id for each in found if each.object_name == name)


class _NeverOverwrite(urllib3.PoolManager):
    """Adds the one header that the client library cannot: write only what is not there."""

    def urlopen(  # type: ignore[override]
        self,
        method: str,
        url: str,
        **options: Any,  # noqa: ANN401 - handed on as they are
    ) -> urllib3.BaseHTTPResponse:
        """Send a request; one that makes an object appear is made conditional."""
        if _makes_object(method, url):
            headers = urllib3.HTTPHeaderDict(options.get("headers") or {})
            headers["If-None-Match"] = "*"
            options["headers"] = headers
        return super().urlopen(method, url, **options)


def _makes_object(method: str, url: str) -> bool:
    parts = urlsplit(url)
    if method == "POST":
        return "uploadId" in parse_qs(parts.query)  # the end of a multipart upload
    return method == "PUT" and not parts.query and is_name("/".join(parts.path.split("/")[-2:]))


class _Body(io.RawIOBase):
    """An answer's body; its connection goes back to the pool, or is dropped if not read out."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        super().__init__()
        self._response = response

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with _trouble():
            data = self._response.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._response.close()
            self._response.release_conn()
        super().close()


@contextmanager
def _trouble(name: str = "") -> Iterator[None]:
    """Tell the client library's errors as what they are to people."""
    try:
        yield
    except S3Error as error:
        if error.code in _MISSING:
            raise BlobMissing(name) from error
        if error.code in _TAKEN:
            raise BlobExists(name) from error
        raise Unavailable("blobs") from error
    except (MinioException, HTTPError) as error:
        raise Unavailable("blobs") from error

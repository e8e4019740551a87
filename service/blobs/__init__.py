"""Where encrypted bytes lie: a folder or an S3 bucket, behind one port."""

from pathlib import Path

from service.blobs.folder import Folder
from service.blobs.port import Blobs
from service.blobs.s3 import S3


def open_blobs(setting: str, *, access_key: str = "", secret_key: str = "") -> Blobs:
    """Return the store a setting names: `folder:PATH` or `s3://BUCKET?endpoint=URL`."""
    if setting.startswith("folder:"):
        return Folder(Path(setting.removeprefix("folder:")))
    if setting.startswith("s3://"):
        return S3.of(setting, access_key=access_key, secret_key=secret_key)
    raise ValueError("files are stored in folder:PATH or s3://BUCKET?endpoint=URL")

"""Two S3 servers: MinIO, built once by Go, and SeaweedFS, from its package."""

import json
import re
import secrets
import shutil
import signal
import sys
import urllib.request
from pathlib import Path

from tests.live import machine
from tests.live.process import LOOPBACK, Server, ServerError, answers, free_port
from tests.live.site import Site

MINIO = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"
GO = (1, 24)  # what MinIO's go.mod asks for


class Minio:
    """MinIO on one folder, as docker-compose.yml starts it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        data = site.folder / "minio"
        data.mkdir()
        service = site.service("minio")
        health = site.health("minio")
        self.server = Server(
            name="minio",
            command=[
                str(minio_program()),
                *site.place.words(service.command, service, {"/data": data}),
            ],
            log=site.folder / "minio.log",
            healthy=lambda: machine.succeeds(health),
            environment=site.environment("minio"),
        )

    def prepare(self) -> None:
        """Leave buckets to the tests."""

    def exports(self) -> dict[str, str]:
        """Name endpoint, access key and secret key."""
        account = f"{self._site.secret('minio_user')},{self._site.secret('minio_password')}"
        return {"GUIDANG_TEST_S3": f"{self._site.address('minio')},{account}"}


def minio_program() -> Path:
    """Build MinIO unless the cache has it; that takes some minutes, once."""

    def build(folder: Path) -> Path:
        _need_go()
        machine.run(
            ["go", "install", MINIO],
            env=machine.environment(
                GOBIN=str(folder), GOFLAGS="-trimpath", GOTOOLCHAIN="local", CGO_ENABLED="0"
            ),
        )
        return folder / "minio"

    return machine.fetched("minio", "building MinIO, 3–4 minutes", build)


def _need_go() -> None:
    """Refuse a Go that is too old: it would only fail after minutes (Debian 12 has 1.19)."""
    version = machine.run(["go", "version"]) if shutil.which("go") else "no Go"
    found = re.search(r"go(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) < GO:
        needed = ".".join(map(str, GO))
        raise ServerError(f"MinIO is built with Go {needed} or newer; here is {version.strip()}")


class Weed:
    """SeaweedFS: master, volume, filer and S3 in one process, with one account."""

    def __init__(self, site: Site) -> None:
        self.port = free_port()
        self.access, self.secret = secrets.token_hex(8), secrets.token_hex(16)
        data = site.folder / "weed"
        data.mkdir()
        accounts = site.folder / "weed.json"
        accounts.write_text(json.dumps(self._accounts()))
        master = free_port()
        s3_answers = answers(f"http://{LOOPBACK}:{self.port}/healthz")
        self.server = Server(
            name="weed",
            command=[
                *[str(Path(sys.executable).with_name("weed")), "server", f"-dir={data}"],
                *[f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", "-volume.max=1000"],
                *["-master.volumeSizeLimitMB=256", "-master.telemetry=false"],
                f"-master.port={master}",
                *[f"-{part}.port={free_port()}" for part in ("volume", "filer")],
                *[f"-{part}.port.grpc={free_port()}" for part in ("master", "volume", "filer")],
                *["-filer", "-filer.disableHttp", f"-filer.localSocket={data}/filer.sock"],
                *["-s3", f"-s3.port={self.port}", f"-s3.port.grpc={free_port()}"],
                *["-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={accounts}"],
                *[f"-s3.localSocket={data}/s3.sock", "-s3.allowDeleteBucketNotEmpty=false"],
            ],
            log=site.folder / "weed.log",
            healthy=lambda: s3_answers() and _has_room(master),
            stop_signal=signal.SIGKILL,  # SIGTERM takes half a minute, and nothing is lost
        )

    def prepare(self) -> None:
        """Leave buckets to the tests."""

    def exports(self) -> dict[str, str]:
        """Name endpoint, access key and secret key."""
        return {"GUIDANG_TEST_WEED": f"{LOOPBACK}:{self.port},{self.access},{self.secret}"}

    def _accounts(self) -> dict[str, object]:
        key = {"accessKey": self.access, "secretKey": self.secret}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        return {"identities": [{"name": "admin", "credentials": [key], "actions": actions}]}


def _has_room(master: int) -> bool:
    """Ask whether the volume server has found its master: S3 answers earlier than it can write."""
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{master}/dir/status", timeout=2) as answer:
            return int(json.load(answer)["Topology"]["Free"]) > 0
    except OSError:
        return False

"""Elasticsearch with security on: its accounts come from the files that an installation uses.

A test names its indices with a prefix of its own, `guidang-test-…`: the readers' roles cover it.
"""

import base64
import secrets
import shutil
import urllib.request
from pathlib import Path

from service.search.readers import INDEXER, WEB, realm_files
from tests.live import machine
from tests.live.process import LOOPBACK, Server, drop_privileges, free_port

VERSION = "8.19.16"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
FETCH = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
HEAP = "512m"

ACCOUNTS = {WEB: "GUIDANG_TEST_ES_WEB", INDEXER: "GUIDANG_TEST_ES_INDEXER"}
PREFIXES = ("guidang", "guidang-test-*")
SETTINGS = """\
cluster.name: guidang-test
node.name: n1
discovery.type: single-node
network.host: {host}
http.port: {port}
transport.port: {transport}
xpack.security.enabled: true
xpack.security.http.ssl.enabled: false
xpack.security.transport.ssl.enabled: false
"""


class Elastic:
    """The server and its accounts."""

    def __init__(self, folder: Path) -> None:
        home = self._unpack(folder)
        self._passwords = {name: secrets.token_hex(12) for name in ACCOUNTS}
        self._port = free_port()
        self._configure(home / "config")
        (home / "tmp").mkdir()
        self.server = Server(
            name="elastic",
            command=[str(home / "bin" / "elasticsearch")],
            log=folder / "elastic.log",
            healthy=self._healthy,
            environment={
                "HOME": str(home),
                "ES_JAVA_HOME": str(machine.java(17, 21)),
                "ES_JAVA_OPTS": f"-Xms{HEAP} -Xmx{HEAP}",
                "ES_TMPDIR": str(home / "tmp"),
            },
            prefix=drop_privileges(home),
            deadline=300,
        )

    def _unpack(self, folder: Path) -> Path:
        archive = distribution()
        unzip = machine.program("unzip", "unzip")  # unlike zipfile it keeps the modes
        machine.run([str(unzip), "-q", str(archive), "-d", str(folder)])
        return (folder / f"elasticsearch-{VERSION}").rename(folder / "elastic")

    def _configure(self, config: Path) -> None:
        with (config / "elasticsearch.yml").open("a") as file:
            file.write(SETTINGS.format(host=LOOPBACK, port=self._port, transport=free_port()))
        files = realm_files(self._passwords[WEB], self._passwords[INDEXER], prefixes=PREFIXES)
        for name, text in files.items():
            (config / name).write_text(text, "utf-8")

    def _healthy(self) -> bool:
        """Ask for the health of the cluster: this distribution answers nothing at `/`."""
        account = f"{WEB}:{self._passwords[WEB]}"
        request = urllib.request.Request(  # noqa: S310  # our own http
            f"{self._url}/_cluster/health",
            headers={"Authorization": "Basic " + base64.b64encode(account.encode()).decode()},
        )
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310  # as above
                return b'"status":"red"' not in answer.read()
        except OSError:
            return False

    @property
    def _url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    def prepare(self) -> None:
        """Leave indices to the tests."""

    def exports(self) -> dict[str, str]:
        """Name the address and both accounts."""
        return {
            "GUIDANG_TEST_ES_URL": self._url,
            **{ACCOUNTS[name]: f"{name}:{word}" for name, word in self._passwords.items()},
        }


def distribution() -> Path:
    """Fetch the server through Maven unless the cache has it."""
    with machine.fetching(f"elasticsearch-{VERSION}.zip") as place:
        if not place.exists():
            maven = machine.program("mvn", "maven")
            machine.say(f"fetching Elasticsearch {VERSION} (105 MB, once)")
            target = place.with_suffix(".part")
            options = [f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={target}"]
            machine.run([str(maven), "-q", "-B", FETCH, *options])
            (target / place.name).replace(place)
            shutil.rmtree(target)
    return place

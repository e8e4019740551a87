"""Elasticsearch with security on: its accounts come from the files that an installation uses.

A test names its indices with a prefix of its own, `guidang-test-…`: the readers' roles cover it.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.live import machine
from tests.live.process import LOOPBACK, Server, drop_privileges, free_port
from tests.live.site import Site

VERSION = "8.19.16"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
FETCH = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
CONFIG = "/usr/share/elasticsearch/config/"

#: secret → variable that tests read
ACCOUNTS = {"search_web": "GUIDANG_TEST_ES_WEB", "search_indexer": "GUIDANG_TEST_ES_INDEXER"}


class Elastic:
    """The server, with the settings and the accounts that docker-compose.yml gives it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        home = self._unpack(site.folder)
        given = site.environment("elasticsearch")
        self._configure(home / "config", given)
        (home / "tmp").mkdir()
        machine.program("curl", "curl")
        health = site.health("elasticsearch")
        self.server = Server(
            name="elastic",
            command=[str(home / "bin" / "elasticsearch")],
            log=site.folder / "elastic.log",
            healthy=lambda: machine.succeeds(health),
            environment={
                "HOME": str(home),
                "ES_JAVA_HOME": str(machine.java(17, 21)),
                "ES_JAVA_OPTS": given["ES_JAVA_OPTS"],
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

    def _configure(self, config: Path, given: Mapping[str, str]) -> None:
        """Write down what the image's start makes of its environment, and lay its secrets."""
        here = {
            "network.host": LOOPBACK,
            "http.port": self._site.port("elasticsearch"),
            "transport.port": free_port(),
        }
        settings = {name: value for name, value in given.items() if "." in name}
        with (config / "elasticsearch.yml").open("a") as file:
            for name, value in (settings | here).items():
                file.write(f"{name}: {json.dumps(str(value))}\n")
        for path, name in self._site.service("elasticsearch").secrets.items():
            if path.startswith(CONFIG):
                shutil.copyfile(self._site.place.secrets / name, config / Path(path).name)

    def prepare(self) -> None:
        """Leave indices to the tests."""

    def exports(self) -> dict[str, str]:
        """Name the address and both accounts."""
        return {
            "GUIDANG_TEST_ES_URL": self._site.environment("web")["GUIDANG_SEARCH"],
            **{variable: self._site.secret(name) for name, variable in ACCOUNTS.items()},
        }


def distribution() -> Path:
    """Fetch the server through Maven unless the cache has it."""
    name = f"elasticsearch-{VERSION}.zip"

    def fetch(folder: Path) -> Path:
        maven = machine.program("mvn", "maven")
        options = [f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"]
        machine.run([str(maven), "-q", "-B", FETCH, *options])
        return folder / name

    return machine.fetched(name, f"fetching Elasticsearch {VERSION}, 105 MB", fetch)

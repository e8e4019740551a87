"""docker-compose.yml on this machine: which address each service has, and where its secrets are.

Everything else that servers and programs are given is what stands in that file.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from service.secret_files import Servers, write
from tests.compose import Place, Service, services
from tests.live.process import LOOPBACK, free_port

VARIABLE = "GUIDANG_TEST_SITE"

#: The ports that the services listen on in their containers.
PORTS = {
    "postgres": 5432,
    "mirror": 5432,
    "minio": 9000,
    "elasticsearch": 9200,
    "web": 8000,
}
#: What indices are called: the archive's, and those of tests, each with a prefix of its own.
PREFIXES = ("guidang", "guidang-test-*")


@dataclass(frozen=True, slots=True)
class Site:
    """The services and their place; `folder` is where their data lies."""

    folder: Path
    place: Place

    @classmethod
    def laid(cls, folder: Path) -> Self:
        """Choose ports and make the secret files."""
        hosts = {f"{name}:{port}": f"{LOOPBACK}:{free_port()}" for name, port in PORTS.items()}
        secrets = folder / "secrets"
        servers = Servers(hosts["postgres:5432"], hosts["mirror:5432"])
        write(secrets, servers, prefixes=PREFIXES)
        return cls(folder, Place(hosts, secrets))

    @classmethod
    def current(cls) -> Self:
        """Return the site that the harness has laid."""
        told = json.loads(Path(os.environ[VARIABLE]).read_text("utf-8"))
        return cls(Path(told["folder"]), Place(told["hosts"], Path(told["secrets"])))

    def exports(self) -> dict[str, str]:
        """Name the file that tells the tests about this."""
        told = {
            "folder": str(self.folder),
            "hosts": dict(self.place.hosts),
            "secrets": str(self.place.secrets),
        }
        file = self.folder / "site.json"
        file.write_text(json.dumps(told), "utf-8")
        return {VARIABLE: str(file)}

    def service(self, name: str, **told: str) -> Service:
        """Return a service as docker-compose.yml has it, with what an operator's `.env` tells."""
        return services(**told)[name]

    def environment(self, name: str, folders: Mapping[str, Path] | None = None) -> dict[str, str]:
        """Return what a service's processes are given."""
        return self.place.environment(self.service(name), folders or {})

    def health(self, name: str) -> list[str]:
        """Return the command that asks whether a service works."""
        return self.place.health(self.service(name))

    def address(self, name: str) -> str:
        """Return where a service is, as HOST:PORT."""
        return self.place.hosts[f"{name}:{PORTS[name]}"]

    def port(self, name: str) -> int:
        """Return the port of a service."""
        return int(self.address(name).rpartition(":")[2])

    def secret(self, name: str) -> str:
        """Return the text of a secret file."""
        return (self.place.secrets / name).read_text("utf-8").strip()

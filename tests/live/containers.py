"""A service of docker-compose.yml as a process: its user, its secrets, its environment, no more."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.compose import Place, Service
from tests.live import image
from tests.live.process import Server
from tests.live.site import Site


@dataclass(frozen=True, slots=True)
class Container:
    """What stands for one container: a folder with its data and its secrets."""

    service: Service
    place: Place
    folder: Path
    root: Path

    @classmethod
    def of(cls, site: Site, name: str, folder: Path, **told: str) -> "Container":
        """Lay the folder, with only this service's secrets, owned as they were made."""
        service = site.service(name, **told)
        secrets = folder / "secrets"
        secrets.mkdir(parents=True)
        folder.chmod(0o755)
        for secret in service.secrets.values():
            source = site.place.secrets / secret
            shutil.copy2(source, secrets / secret)
            os.chown(secrets / secret, source.stat().st_uid, -1)
        made = cls(service, replace(site.place, secrets=secrets), folder, image.built(site.folder))
        made.data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(made.data, int(service.whole["user"].partition(":")[0]))
        return made

    @property
    def data(self) -> Path:
        """Return what stands for /data, and for /anchor."""
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        """Return what its processes are given, and where the image's programs are."""
        given = self.place.environment(self.service, {"/data": self.data, "/anchor": self.data})
        return {**image.environment(self.root), "HOME": str(self.data), **given}

    @property
    def _become(self) -> list[str]:
        """Return the words that become the service's user, with the rights that it has there."""
        if os.geteuid() != 0 or not image.for_others(self.program.with_name("python")):
            return []
        user, _, group = self.service.whole["user"].partition(":")
        rights = ["-all", *(f"+{name.lower()}" for name in self.service.whole.get("cap_add", []))]
        return [
            *["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"],
            *["--no-new-privs", f"--bounding-set={','.join(rights)}"],
        ]

    def run(self, *words: str, typed: str = "") -> str:
        """Run `guidang` with these words to its end, as `docker compose run` does."""
        done = subprocess.run(
            [*self._become, str(self.program), *words],
            env=self.environment,
            cwd=self.data,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout

    @property
    def program(self) -> Path:
        """Return the image's entry point."""
        return self.root / "opt" / "guidang" / "bin" / "guidang"

    def healthy(self) -> bool:
        """Ask what docker would ask."""
        program, *words = self.place.health(self.service)
        done = subprocess.run(
            [*self._become, str(self.root / "opt" / "guidang" / "bin" / program), *words],
            env=self.environment,
            cwd=self.data,
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    @contextmanager
    def started(self) -> Iterator[Server]:
        """Start it, wait until docker would call it healthy, and stop it at the end."""
        server = Server(
            name=self.service.name,
            command=[str(self.program), *self.place.words(self.service.command, self.service)],
            log=self.folder / "log",
            healthy=self.healthy,
            environment=self.environment,
            prefix=self._become,
            inherits=False,
        )
        with server.running():
            yield server

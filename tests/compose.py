"""docker-compose.yml and Dockerfile, read as docker does: what each service is given."""

import re
import shlex
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docker-compose.yml"
SECRETS = "/run/secrets"

Json = dict[str, Any]


class Loader(yaml.SafeLoader):
    """YAML that refuses a name given twice in one mapping: the second would win silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - as it is there
        names = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise yaml.MarkedYAMLError(None, None, f"{twice[0]} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True, slots=True)
class Service:
    """One service, with what its container sees."""

    name: str
    whole: Json

    @property
    def command(self) -> list[str]:
        """Return the words after the image's entry point."""
        return [str(word) for word in self.whole.get("command", [])]

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of its processes."""
        return {name: str(value) for name, value in self.whole.get("environment", {}).items()}

    @property
    def secrets(self) -> dict[str, str]:
        """Return where each of its secrets is seen: path → name."""
        return dict(map(_mounted, self.whole.get("secrets", [])))

    @property
    def health(self) -> list[str]:
        """Return the command that asks whether it works; nothing for what runs once."""
        test = self.whole["healthcheck"].get("test", [])
        assert not test or test[0] == "CMD", f"{self.name}: no shell around a health check"
        return [str(word) for word in test[1:]]

    @property
    def runs_once(self) -> bool:
        """Say whether it ends by itself."""
        return bool(self.whole["restart"] == "no")

    @property
    def seconds_to_stop(self) -> str:
        """Return how long docker waits before it kills."""
        return str(self.whole.get("stop_grace_period", "10s"))


def _mounted(secret: str | Json) -> tuple[str, str]:
    if isinstance(secret, str):
        return f"{SECRETS}/{secret}", secret
    source, target = str(secret["source"]), str(secret["target"])
    return (target if target.startswith("/") else f"{SECRETS}/{target}"), source


@cache
def read(environment: tuple[tuple[str, str], ...] = ()) -> Json:
    """Return the whole file, with `${NAME:-default}` replaced as docker would."""
    whole: Json = yaml.load(FILE.read_text("utf-8"), Loader)  # noqa: S506 - a SafeLoader
    filled = _filled(whole, dict(environment))
    assert isinstance(filled, dict)
    return filled


def services(**environment: str) -> dict[str, Service]:
    """Return every service by its name."""
    found = read(tuple(sorted(environment.items())))["services"]
    return {name: Service(name, whole) for name, whole in found.items()}


def _filled(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(part, environment) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, environment) for part in value]
    return _interpolated(value, environment) if isinstance(value, str) else value


_VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+):-(?P<default>[^}]*)\}|(?P<other>.?))")


def _interpolated(text: str, environment: Mapping[str, str]) -> str:
    def one(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        assert found["name"], f"neither $$ nor ${{NAME:-default}}: {text}"
        return environment.get(found["name"]) or found["default"]

    return _VARIABLE.sub(one, text)


@dataclass(frozen=True, slots=True)
class Place:
    """Where on this machine the containers' addresses, secrets and folders are.

    `hosts`: SERVICE:PORT → HOST:PORT.
    """

    hosts: Mapping[str, str]
    secrets: Path

    def environment(self, service: Service, folders: Mapping[str, Path] = {}) -> dict[str, str]:
        """Return a service's environment on this machine, and nothing beside it."""
        given = service.environment.items()
        return {name: self._here(value, service, folders) for name, value in given}

    def words(
        self, words: list[str], service: Service, folders: Mapping[str, Path] = {}
    ) -> list[str]:
        """Return a command of the service on this machine."""
        return [self._here(word, service, folders) for word in words]

    def health(self, service: Service) -> list[str]:
        """Return the command that asks whether the service works, with its port here."""
        words = " \0".join(self.words(service.health, service))
        for address, ours in self._own(service):
            port = address.partition(":")[2]
            words = re.sub(rf"(?<!\d){port}(?!\d)", ours.partition(":")[2], words)
        return words.split(" \0")

    def _here(self, text: str, service: Service, folders: Mapping[str, Path]) -> str:
        if text in service.secrets:
            return str(self.secrets / service.secrets[text])
        if text in folders:
            return str(folders[text])
        everywhere = {f"0.0.0.0:{a.partition(':')[2]}": ours for a, ours in self._own(service)}
        for address, ours in (everywhere | dict(self.hosts)).items():
            text = re.sub(rf"(?<![\w.-]){re.escape(address)}(?!\d)", ours, text)
        return text

    def _own(self, service: Service) -> list[tuple[str, str]]:
        return [(a, ours) for a, ours in self.hosts.items() if a.startswith(f"{service.name}:")]


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of the Dockerfile."""

    stage: str
    verb: str
    text: str

    @property
    def words(self) -> list[str]:
        """Return what follows the instruction, word by word, without its options."""
        return [word for word in shlex.split(self.text) if not word.startswith("--")]

    @property
    def from_stage(self) -> str:
        """Return the stage that a COPY takes from; nothing for the build context."""
        found = re.search(r"--from=(\S+)", self.text)
        return found[1] if found else ""


def steps() -> Iterator[Step]:
    """Yield the Dockerfile's instructions in order, each with the stage that it belongs to."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    stage = ""
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        verb, _, rest = line.strip().partition(" ")
        if verb == "FROM":
            stage = rest.partition(" AS ")[2]
        if verb:
            yield Step(stage, verb, rest.strip())

"""`guidang run`: it starts soon, tells the address when there is an answer, refuses a taken one."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from service.running import FIRST, run_everything
from service.settings import Settings, SettingsError
from tests.live.process import free_port

LOOPBACK = "127.0.0.1"


def test_starting_the_parts_imports_nothing_that_opens_an_archive():
    heavy = "{'sqlalchemy', 'flask', 'elasticsearch', 'pypinyin', 'minio'}"
    asked = f"import sys, service.__main__, service.running; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "set()"


def test_a_taken_address_is_refused_before_anything_is_made(tmp_path):
    with closing(socket.create_server((LOOPBACK, 0))) as other:
        listen = f"{LOOPBACK}:{other.getsockname()[1]}"
        settings = Settings(data=tmp_path / "data", listen=listen)
        with pytest.raises(SettingsError, match=f"another program listens on {listen}"):
            run_everything(settings, lambda _: None)
    assert not settings.data.exists()


@pytest.mark.parametrize("listen", ["unix:/x", LOOPBACK, f"{LOOPBACK}:99999999"])
def test_an_address_without_a_port_is_refused(tmp_path, listen):
    with pytest.raises(SettingsError, match="ADDRESS:PORT"):
        run_everything(Settings(data=tmp_path / "data", listen=listen), lambda _: None)


def told(listen: str, data: Path) -> tuple[str, int, str]:
    """Run the archive until it tells an address; return that, what is answered there, the rest."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GUIDANG_")},
        "GUIDANG_LISTEN": listen,
        "GUIDANG_DATA": str(data),
        "GUIDANG_DEMO": "0",
    }
    command = [sys.executable, "-m", "service", "run"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            line = next((line for line in running.stdout if "http://" in line), "")
            with closing(HTTPConnection(listen, timeout=10)) as connection:
                connection.request("GET", "/healthz")
                status = connection.getresponse().status
        finally:
            running.terminate()
            rest = running.communicate()[0]
    return line.strip(), status, rest


@pytest.mark.slow
def test_the_address_is_told_once_it_answers_at_the_first_start_and_later(tmp_path):
    listen = f"{LOOPBACK}:{free_port()}"
    for start in ("first", "later"):
        line, status, rest = told(listen, tmp_path / "data")
        assert line.endswith(f"http://{listen}")
        assert status == 200
        assert (FIRST in rest) == (start == "first")


def test_the_first_start_without_people_names_the_command_of_the_readme():
    assert FIRST in (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

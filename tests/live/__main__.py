"""Runs tests on the real servers: `python -m tests.live`.

python -m tests.live                    every live, browser and slow test, then those of outages
python -m tests.live -- pytest …        one command with the servers running
python -m tests.live --keep             keep them running and print the environment
python -m tests.live --only postgres    fewer servers (may be repeated)
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys

from tests.live import machine
from tests.live.process import ServerError
from tests.live.servers import NAMES, running

PYTEST = [sys.executable, "-m", "pytest", "-q"]
#: marks of the tests → how many run side by side; a test that stops a server runs alone
PHASES = {"(live or browser or slow) and not outage": "2", "outage": "0"}


def main(arguments: list[str]) -> int:
    options, command = _options(arguments)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        with running(options.only or list(NAMES)) as exports:
            environment = {**os.environ, **exports}
            if options.keep:
                return _keep(exports)
            if command:
                return subprocess.run(command, env=environment, check=False).returncode
            failed = [marks for marks in PHASES if not _passed(marks, environment)]
            if failed:
                raise ServerError(f"failed: {', '.join(failed)}")
    except ServerError as error:
        machine.say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _options(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    own, command = arguments, []
    if "--" in arguments:
        place = arguments.index("--")
        own, command = arguments[:place], arguments[place + 1 :]
    parser = argparse.ArgumentParser(
        prog="python -m tests.live",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", action="append", choices=NAMES)
    return parser.parse_args(own), command


def _keep(exports: dict[str, str]) -> int:
    for name, value in exports.items():
        print(f"export {name}={shlex.quote(value)}", flush=True)
    machine.say("running until Ctrl-C")
    signal.pause()
    return 0


def _passed(marks: str, environment: dict[str, str]) -> bool:
    """Run the tests with these marks; none at all is a failure too (pytest answers 5)."""
    machine.say(f"tests: {marks}")
    command = [*PYTEST, "-m", marks, "-n", PHASES[marks]]
    return subprocess.run(command, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

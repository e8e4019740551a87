"""Programs that stand where LibreOffice would: they print what a test says, or do harm."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

#: Finds where the PDF is wanted, and where the program itself lies.
_BEGIN = """#!/bin/sh
home=$(dirname "$0")
while [ $# -gt 1 ]; do
  if [ "$1" = --outdir ]; then out=$2; fi
  shift
done
file=$1
"""
#: Gives out the PDF that lies beside it.
PRINTS = 'cp "$home/printed.pdf" "$out/file.pdf"\n'


@contextmanager
def program(body: str, files: Mapping[str, bytes] | None = None) -> Iterator[str]:
    """Yield a program that runs these lines of shell, with files beside it.

    It does not lie where tests make their folders: other users do not reach those.
    """
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="office-") as folder:
        home = Path(folder, "program")
        home.mkdir()
        for path in (home, home.parent):
            path.chmod(0o755)
        script = home / "soffice"
        for name, content in {**(files or {}), script.name: (_BEGIN + body).encode()}.items():
            (home / name).write_bytes(content)
            # whatever this process gives others by itself
            (home / name).chmod(0o755)
        yield str(script)

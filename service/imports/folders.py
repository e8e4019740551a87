"""Choosing a folder of the server to import."""

from dataclasses import replace

from service import jobs
from service.archive import Call
from service.imports import batches, packages, server_folders
from service.imports.batches import New, Source, State
from service.intake import Upload
from service.models import ImportBatch


def choose(call: Call, folder: str, new: New, listed: Upload | None = None) -> ImportBatch:
    """Make a batch of the files below a folder, that the worker looks at first.

    `folder` is a path below the root, empty for all of it; `listed`: a list that came beside it,
    and counts instead of one that lies in it. Raises `NotFound` where there is no such folder,
    `Denied` for who may not import from the server, and what `packages.receive` raises of a list.
    """
    root = server_folders.require(call.archive.settings, call.actor)
    server_folders.subfolders(root, folder)
    made = replace(new, source=Source.FOLDER, state=State.PREPARING, files=(), folder=folder)
    if listed:
        return packages.receive_beside(call, listed, made)
    row = batches.create(call, made)
    call.enqueue("import", row.id, lane=jobs.Lane.INTERACTIVE)
    return row

"""Names of stored objects: `ab/<blob id>`, nothing that a person typed."""

from service.ids import is_id


def object_name(blob_id: str) -> str:
    """Return the name under which a blob is stored."""
    return checked(f"{blob_id[:2]}/{blob_id}")


def is_name(name: str) -> bool:
    """Say whether this is the name of one of our objects."""
    folder, _, blob_id = name.partition("/")
    return is_id(blob_id) and folder == blob_id[:2]


def checked(name: str) -> str:
    """Return the name; raises `ValueError` for anything that could point elsewhere."""
    if not is_name(name):
        raise ValueError(f"not the name of a stored object: {name!r}")
    return name

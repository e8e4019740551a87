"""Wrapped keys in a database of their own: erasing a row there is what destroys data."""

from service.keystore.refusals import (
    KeyExists,
    KeyMissing,
    KeystoreRefused,
    NewerKeystore,
    OtherKeystore,
    WrongRootKey,
)
from service.keystore.ring import Ring
from service.keystore.root import RootKey, create_root_key, read_root_key
from service.keystore.store import Keystore, Mirror, State

__all__ = [
    "KeyExists",
    "KeyMissing",
    "Keystore",
    "KeystoreRefused",
    "Mirror",
    "NewerKeystore",
    "OtherKeystore",
    "Ring",
    "RootKey",
    "State",
    "WrongRootKey",
    "create_root_key",
    "read_root_key",
]

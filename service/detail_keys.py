"""Opening what was sealed with entries of the log; each month's key is fetched once."""

import json
from typing import Any

from service.audit.log import detail_aad
from service.crypto import Corrupt, unseal
from service.keystore import Keystore


class DetailKeys:
    """Opens sealed details of entries, for whom the caller has let through."""

    def __init__(self, keystore: Keystore) -> None:
        """Know where the keys are; none is fetched yet."""
        self._keystore = keystore
        self._known: dict[str, bytes | None] = {}

    def opened(self, seq: int, ct: bytes, key_id: str) -> bytes | None:
        """Return what was sealed, as it was written.

        None where the key is gone, or somebody changed it: the verifier names such an entry.
        """
        if key_id not in self._known:
            self._known[key_id] = self._keystore.detail_key(key_id)
        key = self._known[key_id]
        try:
            return unseal(key, ct, detail_aad(seq)) if key else None
        except Corrupt:
            return None

    def members(self, seq: int, ct: bytes, key_id: str) -> dict[str, Any]:
        """Return the members of what was sealed; none where it does not open."""
        try:
            found = json.loads(self.opened(seq, ct, key_id) or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

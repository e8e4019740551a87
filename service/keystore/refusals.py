"""Why a keystore does not open, and what a key ring answers when there is no key.

KeystoreRefused      the archive does not start; the message is for the operator
├── WrongRootKey     the root key is unreadable, or not the one these keys are wrapped with
├── NewerKeystore    written by a newer version of the program
└── OtherKeystore    the mirror belongs to another keystore, or is the keystore itself
KeyMissing           never made, or destroyed: what it protected cannot be read
KeyExists            a key for this subject is there already
"""


class KeystoreRefused(Exception):
    """The keystore cannot be used; the message says why."""


class WrongRootKey(KeystoreRefused):
    """The root key is not the one that the keys are wrapped with."""


class NewerKeystore(KeystoreRefused):
    """The keystore was written by a newer version of the program."""


class OtherKeystore(KeystoreRefused):
    """The mirror is not a mirror of this keystore."""


class _AboutKey(Exception):
    def __init__(self, kind: str, subject: str) -> None:
        super().__init__(f"{kind} {subject}")
        self.kind = kind
        self.subject = subject

    def __reduce__(self) -> tuple[type["_AboutKey"], tuple[str, str]]:
        """Let it be told from one process to another."""
        return type(self), (self.kind, self.subject)


class KeyMissing(_AboutKey):
    """There is no such key: it was never made, or it was destroyed."""


class KeyExists(_AboutKey):
    """There is a key for this subject already."""

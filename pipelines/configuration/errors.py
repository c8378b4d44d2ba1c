"""What can be wrong with an object of the configuration store. Each error names the object, and the digests."""

from __future__ import annotations

from validator.errors import FailureError


class StoreError(FailureError):
    """An object is not what the release says: the answer is "no" until somebody looks. `key` is the object's key."""

    def __init__(self, key: str, message: str) -> None:
        self.key = key
        super().__init__(message)


class ObjectChangedError(StoreError):
    """An object holds other bytes than the digest under which it was recorded."""

    def __init__(self, key: str, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(
            key,
            f"{key} was changed after it was written: recorded as {expected}, and is {found}\n"
            "  mend: restore the object's earlier version in the configuration bucket; see who wrote the present one",
        )


class ObjectMissingError(StoreError):
    """An object that a release was recorded with is not there, or may not be read: S3 does not always say which."""

    def __init__(self, key: str) -> None:
        super().__init__(
            key,
            f"{key} is not in the configuration store, or may not be read\n"
            "  mend: deploy that release again, or restore the object's earlier version in the configuration bucket",
        )


class ObjectConflictError(StoreError):
    """Other bytes are to be written under a key that has an object already."""

    def __init__(self, key: str, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(
            key,
            f"{key} holds {found or 'other bytes'} already, and this release has {expected}: "
            "one name stands for one content\n"
            "  mend: commit what differs, so that the release gets another name; or see who wrote the object",
        )

"""Approvals: who said yes to a release in an environment (REQ-G2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from .. import keys
from ..codec import decoded, encoded
from ..items import built
from ..marshal import Item, plain_item


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody approved that a release goes into an environment, as the plan says that has the digest `plan`.

    `session` is what AWS vouches for: the id of the session that wrote it, `<id of the approver role>:<name>`. It is
    part of the key, and nobody may write another's. `identity` is the ARN that the person came with, as they say.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """

    environment: str
    tag: str
    session: str
    plan: str
    at: datetime
    identity: str

    @property
    def by(self) -> str:
        """The person's name: the session's."""
        return self.session.rpartition(":")[2]

    def to_item(self) -> Item:
        """Return the item, listed by its release; approvals are kept forever."""
        key = keys.approval(self.tag, self.environment, self.session)
        return built(key, encoded(self), gsi2pk=self.tag, gsi2sk=key.pk)

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the approval of an item; whose, of what and where says its key alone.

        Raises ValueError for an item that is none.
        """
        values = plain_item(item)
        kind, *parts = str(values.get("pk", "")).split("#")
        if f"{kind}#" != keys.OF_APPROVAL or len(parts) != 3:
            raise ValueError(f"{values.get('pk')!r} is not the partition of an approval")
        return decoded(cls, {**values, **dict(zip(("tag", "environment", "session"), parts, strict=True))})

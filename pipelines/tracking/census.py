"""Reading every stack of the agent's region, and saying which exist (REQ-C2): what repairs lost events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .observation import CensusPart, Observation
from .observe import is_ours, observation, tags_of, template

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

RECENT = timedelta(days=1)
"""Templates of stacks that changed so lately are read at each pass; the others once a day, with the full pass."""

NAMES_IN_PART = 1_000
"""A name has at most 128 characters, so that a part stays below the 200 kB of an event."""


def list_stacks(client: CloudFormationClient) -> list[Mapping[str, Any]]:
    """Return every stack of the region that is not deleted, page by page."""
    pages = client.get_paginator("describe_stacks").paginate()
    return [stack for page in pages for stack in page["Stacks"]]


def observations(
    client: CloudFormationClient, stacks: Iterable[Mapping[str, Any]], listed_at: datetime, *, full: bool
) -> Iterator[Observation]:
    """Observe each listed stack, with its template if that may have changed since the last look, or on a full pass.

    `listed_at` is after the list was read. Ours go first: whoever else makes stacks here keeps none of ours from being
    told.
    """
    for raw in sorted(stacks, key=lambda stack: not is_ours(tags_of(stack))):
        changed_at: datetime = raw.get("LastUpdatedTime") or raw["CreationTime"]
        body = template(client, raw) if full or changed_at > listed_at - RECENT else None
        yield observation(raw, body, listed_at)


def census_parts(names: Iterable[str], began_at: datetime) -> tuple[CensusPart, ...]:
    """Return the census of a region: parts that together cover every possible name once.

    `began_at` is before the list was read: a stack seen earlier and not in it is gone.
    """
    ordered = sorted(names)
    chunks = [ordered[at : at + NAMES_IN_PART] for at in range(0, len(ordered), NAMES_IN_PART)] or [[]]
    bounds = ["", *(chunk[-1] for chunk in chunks[:-1]), ""]
    return tuple(
        CensusPart(index + 1, len(chunks), bounds[index], bounds[index + 1], tuple(chunk), began_at)
        for index, chunk in enumerate(chunks)
    )

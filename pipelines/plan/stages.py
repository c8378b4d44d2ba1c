"""What is known of each stack before and after anybody is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pipelines.deployment import Action
from pipelines.live import LiveStack
from validator.model import Stack

from .model import PlannedStack

REVIEW = "REVIEW_IN_PROGRESS"


def begun(stack: Stack, live: LiveStack | None, action: Action) -> PlannedStack:
    """Return a stack with how it stands and what happens to it, and no changes yet. Pure.

    A stack in review holds nothing, and may be another plan's: it counts as none.
    """
    kinds = {"skip": "unchanged", "recreate": "create" if live and live.status == REVIEW else "recreate"}
    problem = action.reason if action.kind in {"wait", "blocked"} else ""
    planned = PlannedStack(
        name=stack.name,
        region=stack.region,
        kind=kinds.get(action.kind, action.kind),  # type: ignore[arg-type]  # the kinds of an action, but for these
        reason=action.reason,
        digest_wanted=stack.digest,
        problem=problem,
    )
    if live is None or live.status in {REVIEW, "DELETE_COMPLETE"}:
        return planned
    return replace(
        planned, live_id=live.stack_id, live_digest=live.digest, operation_at=live.changed_at.isoformat()
    )


def following(stacks: Sequence[Stack], planned: Iterable[PlannedStack]) -> Iterator[PlannedStack]:
    """Yield what is planned, with a note on each unchanged stack that reads what another one makes anew. Pure.

    A deployment touches it once the new value is published; what becomes of it cannot be asked before.
    """
    paths = {stack.name: f"{stack.parameter_path}/" for stack in stacks}
    reads = {stack.name: stack.parameters.values() for stack in stacks}
    those = list(planned)
    anew = [one.name for one in those if any(change.replacement != "never" for change in one.changes)]
    for one in those:
        names = [value for value in reads[one.name] if isinstance(value, str)]
        makers = [maker for maker in anew if any(name.startswith(paths[maker]) for name in names)]
        follows = one.kind == "unchanged" and makers
        yield (
            replace(one, note=f"may follow: it reads what {', '.join(makers)} publishes") if follows else one
        )


def staying(left: Iterable[tuple[str, LiveStack]]) -> Iterator[PlannedStack]:
    """Yield the stacks that run and that the release does not have, by CloudFormation's name. Pure.

    No deployment deletes one; what is in it stays, and nothing of the release knows of it.
    """
    for region, live in left:
        yield PlannedStack(
            name=live.name,
            region=region,
            kind="stays",
            reason=f"it is no stack of this release: {live.tags.get('Version') or 'another one'} left it",
            note="a deployment deletes no stack; what it holds stays in it, and nothing of the release uses it",
            digest_wanted="",
            live_id=live.stack_id,
        )

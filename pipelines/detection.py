"""Asking the agents to look for drift now, and waiting for what they find. I/O (REQ-C4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.agents import DETECT, Agent, ask
from pipelines.aws import clear_errors
from pipelines.state.sequence import DELETED
from pipelines.tracking.drift import DETECTABLE
from validator.errors import FailureError, TechnicalError

if TYPE_CHECKING:
    from pipelines.state.records import StackKey, StackState
    from pipelines.state.store import StateStore

WAIT_SECONDS = 600.0
POLL_SECONDS = 1.0


def detect(
    agents: Sequence[Agent],
    store: StateStore,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    told: Callable[[str], None],
) -> None:
    """Ask each agent to look for drift in all its stacks, and wait until home has recorded what it found.

    Nobody waits for a stack whose status lets CloudFormation detect none; that is told. An agent that is not there, or
    could not be asked, keeps none of the others from looking. Raises FailureError, or TechnicalError where AWS refused
    something, with everything that was wrong: agents that are not there, each refusal, the stacks that were not
    recorded in ten minutes.
    """
    before = {state.key: _last(state) for state in store.states()}
    for agent in agents:
        told(f"looking for drift in {agent.environment}, {agent.account} {agent.region}")
    asked, refused, missing = _ask_each(agents)
    places = {(agent.account, agent.region) for agent in asked}
    waiting = {key for key in before if key.is_ours and (key.account, key.region) in places}
    deadline = clock() + WAIT_SECONDS
    while waiting and clock() < deadline:
        states = {state.key: state for state in store.states()}
        here = {key: states[key] for key in waiting if key in states}
        for key, state in sorted(here.items()):
            if state.status not in {*DETECTABLE, DELETED}:
                told(f"{key.stack} in {key.account} {key.region} is not checked: it is {state.status}")
        waiting = {key for key, state in here.items() if not _is_done(state, before[key])}
        if waiting:
            sleep(POLL_SECONDS)
    wrong = [*_in_words(missing), *refused, *_overdue(waiting)]
    if wrong:
        raise (TechnicalError if refused else FailureError)("\n".join(wrong))


def _ask_each(agents: Iterable[Agent]) -> tuple[list[Agent], list[str], list[Agent]]:
    """Ask each agent; return those that were asked, what AWS refused in words, and those that are not there."""
    asked, refused, missing = list[Agent](), dict[str, list[str]](), list[Agent]()
    for agent in agents:
        try:
            with clear_errors():
                absent = ask([agent], DETECT)
        except TechnicalError as error:
            refused.setdefault(str(error), []).append(_place(agent))
            continue
        missing += absent
        asked += [agent] if not absent else []
    words = [f"the agent in {', '.join(places)} was not asked: {said}" for said, places in refused.items()]
    return asked, words, missing


def _place(agent: Agent) -> str:
    return f"{agent.account} {agent.region}"


def _in_words(missing: Sequence[Agent]) -> Iterator[str]:
    """Say which agents are not there, and the mend, by environment."""
    for environment in dict.fromkeys(agent.environment for agent in missing):
        places = ", ".join(_place(agent) for agent in missing if agent.environment == environment)
        yield f"there is no agent in {places}\n  mend: deploy it with `lockstep deploy {environment}`"


def _overdue(waiting: Iterable[StackKey]) -> Iterator[str]:
    """Say which stacks nobody looked at in time, and the mend."""
    names = [f"{key.stack} in {key.account} {key.region}" for key in sorted(waiting)]
    if names:
        yield (
            f"{len(names)} stacks were not looked at within {WAIT_SECONDS / 60:.0f} minutes: {', '.join(names)}\n"
            "  mend: see docs/runbooks/drift.md, and the log of the drift function there"
        )


def _last(state: StackState) -> tuple[str, datetime | None]:
    return (state.drift.detection_id, state.drift.detected_at) if state.drift else ("", None)


def _is_done(state: StackState, before: tuple[str, datetime | None]) -> bool:
    if state.status not in DETECTABLE:
        return True
    return _last(state) != before and state.drift is not None and state.drift.status != "started"

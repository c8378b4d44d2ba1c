"""What gates say, and what follows of it: the worst counts. Pure (REQ-G6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["success", "pending", "failure", "error"]
BY_HARM: tuple[State, ...] = ("success", "pending", "failure", "error")
"""From the best to the worst. An error is worst: who cannot tell must not let anything through."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate says, why, and of which values. `mend` is what somebody does about it; empty for a success."""

    state: State
    reason: str
    mend: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict of a gate, by its id."""

    gate: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """Every gate's verdict; `state` is the worst of them."""

    judged: tuple[Judged, ...]

    @property
    def state(self) -> State:
        """The worst verdict. A decision of no gate at all is an error: nobody looked."""
        return worst(each.verdict.state for each in self.judged)


def worst(states: Iterable[State]) -> State:
    """Return the worst state; error where there is none."""
    return max(states, key=BY_HARM.index, default="error")


def together(verdicts: Iterable[Verdict], otherwise: Verdict) -> Verdict:
    """Return one verdict of several: the worst state, with the reasons and mends of all that are as bad.

    `otherwise` is what counts where there is none.
    """
    those = list(verdicts)
    if not those:
        return otherwise
    state = worst(each.state for each in those)
    counted = [each for each in those if each.state == state]
    inputs = {name: value for each in those for name, value in each.inputs.items()}
    return Verdict(
        state,
        "; ".join(dict.fromkeys(each.reason for each in counted)),
        "; ".join(dict.fromkeys(each.mend for each in counted if each.mend)),
        inputs,
    )

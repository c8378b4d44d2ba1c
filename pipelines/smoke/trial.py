"""One smoke test: what was asked, and why the answer is not right. I/O through the clients that it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.smoke.real_order import Api

Client = Callable[[str], Any]
"""`client("sqs")` gives a client in the workload's account and region."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One question to AWS. `reason` is empty where the answer was right."""

    name: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Deployed:
    """The deployment that is verified: its `name`, the same in each run of it, and who may do more than look.

    `orders(url)` gives a client of the order API at a URL, which acts as the deploying role.
    """

    name: str
    orders: Callable[[str], Api]


@dataclass(frozen=True, slots=True)
class Target:
    """A workload in one environment and region. `published` has what its stacks published there, by `stack/Output`.

    `others` are the further regions that it is in, `home_bus` the ARN of the bus to which all of them report. Only
    after a deployment there is what was `deployed`; otherwise nothing may be changed.
    """

    environment: str
    root: str
    region: str
    client: Client
    published: Mapping[str, str]
    home_bus: str = ""
    others: tuple[Target, ...] = ()
    deployed: Deployed | None = None

    def tried(self, name: str, output: str, ask: Callable[[str], str]) -> Trial:
        """Ask about a thing that a stack published; `ask` returns what is wrong, and may raise botocore's errors."""
        value = self.published.get(output)
        if value is None:
            return Trial(name, f"{self.root}/{output} is not in Parameter Store")
        return self.asked(name, lambda: ask(value))

    def asked(self, name: str, ask: Callable[[], str]) -> Trial:
        """Ask; `ask` returns what is wrong, and may raise botocore's errors."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return Trial(name, ask())
        except ClientError as error:
            detail = error.response.get("Error", {})
            return Trial(name, f"{error.operation_name}: {detail.get('Code')}: {detail.get('Message')}")
        except BotoCoreError as error:
            return Trial(name, f"{type(error).__name__}: {error}")


def of_outputs(target: Target, wanted: Mapping[str, str]) -> Iterable[Trial]:
    """Yield a trial for each output of a live stack: Parameter Store has to hold its value under its name (REQ-P7)."""
    for name, value in sorted(wanted.items()):
        found, said = target.published.get(name), f"output {name} in {target.region}"
        if found is None:
            yield Trial(said, f"{target.root}/{name} is not in Parameter Store")
        else:
            changed = f"{target.root}/{name} holds another value than the stack's output"
            yield Trial(said, "" if found == value else changed)

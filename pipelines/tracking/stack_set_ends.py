"""The end of an operation on a StackSet, into the table: its alert comes or goes (REQ-C4, REQ-C5, REQ-C10)."""

from __future__ import annotations

from pipelines.state.keys import FOREIGN
from pipelines.state.records import StackEvent
from pipelines.state.store import StateStore

from .alerts import fingerprint
from .events import StackSetChanged
from .stack_sets import failed_instances, is_taken_back, owners, stack_set_alert
from .track import Accounts


def stack_set_ended(store: StateStore, accounts: Accounts, event: StackSetChanged, ended: StackEvent) -> None:
    """Raise the alert of an operation that failed, resolve that of one that succeeded and was no way back.

    `ended` is the event as the StackSet's history has it. Raises botocore's errors of the table.
    """
    key, place, name = ended.key, event.envelope, event.stack_set.name
    if event.status == "SUCCEEDED":
        if not is_taken_back(owners(store.states_in(place.account, place.region), key)):
            store.resolve_alert(fingerprint("deployment", key), place.time)
        return
    environments = accounts.environments_of(place.account)
    environment = next((each for each in environments if name.startswith(f"{each}-")), FOREIGN)
    instances = failed_instances(store.events(key), ended)
    store.raise_alert(stack_set_alert(key, environment, event.stack_set.text, ended, instances))

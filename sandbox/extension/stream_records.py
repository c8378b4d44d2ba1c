"""What a table's stream holds outlives a stop of the sandbox, as the table itself does.

ministack saves how far each event source mapping has read, and forgets the records: after a start the first of the new
records would be passed over in silence, and what nobody had read yet would be lost.
"""

from __future__ import annotations

import copy
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

STATE = Name.function("services.dynamodb", "get_state")
RESTORE = Name.function("services.dynamodb", "load_persisted_state", "data")
RECORDS = Name("services.dynamodb", "_stream_records")
TRIMMED = Name("services.dynamodb", "_stream_trimmed")

KEPT = {"lockstep_stream_records": RECORDS, "lockstep_stream_trimmed": TRIMMED}


def _saving(original: Any) -> Any:
    def state() -> Any:
        return {**original(), **{key: copy.deepcopy(name.get()) for key, name in KEPT.items()}}

    return state


def _restoring(original: Any) -> Any:
    def restore(data: Any) -> Any:
        done = original(data)
        for key, name in KEPT.items():
            if data and key in data:
                name.get().update(data[key])
        return done

    return restore


def _install() -> None:
    replace(STATE, _saving)
    replace(RESTORE, _restoring)


EXTENSION = Extension(
    name="stream_records",
    claims=(emulated("DynamoDB streams", "their records outlive a stop and a start of the sandbox"),),
    names=(STATE, RESTORE, RECORDS, TRIMMED),
    install=_install,
)

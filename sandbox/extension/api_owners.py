"""Requests to a REST API of any account.

ministack looks for the API in the account that signed the request, and without a signature in its default account. On
AWS the API's id alone leads to it, whoever asks: so an open method of another account answers here too.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

FIND = Name.function("services.apigateway_v1", "find_api_scope", "api_id")
APIS = Name("services.apigateway_v1", "_rest_apis")


def _make(original: Any) -> Any:
    def find(api_id: str) -> Any:
        near = original(api_id)
        if near is not None:
            return near
        owners = (
            (account, region) for (account, region, found), _ in APIS.get().all_items() if found == api_id
        )
        return next(owners, None)

    return find


EXTENSION = Extension(
    name="api_owners",
    claims=(
        emulated(
            "REST APIs over HTTP", "at `/_aws/execute-api/{api}/{stage}/...`, of every account and region"
        ),
    ),
    names=(FIND, APIS),
    install=lambda: replace(FIND, _make),
)

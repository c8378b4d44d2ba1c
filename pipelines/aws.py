"""The one place that makes AWS clients: credentials, role, region, endpoint and time-outs (REQ-P9).

The same code runs against AWS and against the local AWS: only the environment variables differ.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from validator.errors import ConfigurationError, TechnicalError

if TYPE_CHECKING:
    from sceptre.stack import Stack as SceptreStack

SANDBOX_HINT = 'start the local AWS with `lockstep sandbox start`, then run `eval "$(lockstep sandbox env)"`'
SESSION_NAME = "lockstep"
OWN = "LOCKSTEP_CREDENTIALS"
"""`own`: no deploying role is taken, so that what only looks needs none of its powers (REQ-P8, REQ-P9)."""
_DEPLOYING = "-lockstep-deploy"
REJECTED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
"""Codes for credentials that are not taken, any more or at all; services that speak JSON say `...Exception`.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
"""
_lock = threading.RLock()


@functools.cache
def _session(profile: str | None, roles: tuple[str, ...], name: str = SESSION_NAME) -> Any:
    """Return a botocore session; boto3 would add resources and transfers, which nobody here uses, and its import.

    Each role is assumed by the one before it, the first by the operator; all of their credentials renew themselves.
    `name` is that of the last role's session.
    """
    import botocore.session
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

    if not roles:
        return botocore.session.Session(profile=profile)
    *before, role = roles
    credentials = _session(profile, tuple(before)).get_credentials()
    if credentials is None:
        raise no_credentials()
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=functools.partial(_sts, _session(profile, ())),
        source_credentials=credentials,
        role_arn=role,
        extra_args={"RoleSessionName": name},
    )
    assumed = botocore.session.Session()
    # botocore offers no public way to hand a session credentials that renew themselves.
    assumed._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]
        refresh_using=fetcher.fetch_credentials, method="assume-role"
    )
    return assumed


def _sts(base: Any, service: str, **kwargs: Any) -> Any:
    """Make the client that assumes the role: the first call of every command, so it gives up soon.

    The region does not matter to STS.
    """
    from botocore.config import Config

    kwargs.setdefault("region_name", base.get_config_variable("region") or "us-east-1")
    config = Config(retries={"total_max_attempts": 2}, connect_timeout=3, read_timeout=10)
    return base.create_client(service, config=config, **kwargs)


class Aws:
    """Clients for one role and region. Cheap to make; sessions and clients are shared.

    `through` is a role that assumes the role, where the operator may not do so directly. `name` is that of the role's
    session, as AWS's records show it.
    """

    def __init__(
        self,
        region: str,
        role_arn: str | None = None,
        profile: str | None = None,
        through: str | None = None,
        name: str = SESSION_NAME,
    ) -> None:
        self.region, self.role_arn, self.profile, self.name = region, role_arn or None, profile, name
        roles = tuple(role for role in (through, role_arn) if role)
        self._roles = tuple(role for role in roles if not (has_own() and role.endswith(_DEPLOYING)))

    @classmethod
    def of_stack(cls, stack: SceptreStack) -> Aws:
        """Return the clients with which Sceptre would deploy a stack."""
        return cls(stack.region, stack.sceptre_role, stack.profile)

    def session(self) -> Any:
        """Return the botocore session of the role, for what needs its credentials themselves."""
        with _lock:
            return _session(self.profile, self._roles, self.name)

    def client(self, service: str, *, impatient: bool = False) -> Any:
        """Return a client; made once for each service, role and region.

        One that is `impatient` says within 20 seconds or so that AWS does not answer: for what is repeated, and
        is of no use late.
        """
        with _lock:
            return _client(service, self.region, self._roles, self.profile, self.name, impatient)


@functools.cache
def _client(
    service: str, region: str, roles: tuple[str, ...], profile: str | None, name: str, impatient: bool
) -> Any:
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "total_max_attempts": 2 if impatient else 6},
        connect_timeout=5,
        read_timeout=5 if impatient else 60,
        max_pool_connections=32,
        s3={"addressing_style": "path"} if os.environ.get("AWS_ENDPOINT_URL") else None,
    )
    return _session(profile, roles, name).create_client(service, region_name=region, config=config)


def has_own() -> bool:
    """Whether this process acts with its credentials as they are, and changes nothing."""
    return os.environ.get(OWN) == "own"


def no_credentials() -> ConfigurationError:
    """Return the error for a shell without AWS credentials."""
    return ConfigurationError.single(
        "there are no AWS credentials", key="AWS_ACCESS_KEY_ID", hint=f"log in to AWS, or {SANDBOX_HINT}"
    )


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn what botocore raises for a wrong set-up into words: exit code 2 for the user's, 3 for AWS's side."""
    from botocore import exceptions as boto

    try:
        yield
    except (boto.NoCredentialsError, boto.PartialCredentialsError):
        raise no_credentials() from None
    except (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ConnectionClosedError) as error:
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        if endpoint:
            message = f"nothing answers at {endpoint}: the local AWS is not running"
            raise ConfigurationError.single(message, key="AWS_ENDPOINT_URL", hint=SANDBOX_HINT) from None
        raise TechnicalError(f"AWS cannot be reached: {error}") from None
    except (boto.ConfigParseError, boto.ConfigNotFound) as error:
        raise ConfigurationError.single(str(error), key="AWS_CONFIG_FILE", hint="correct that file") from None
    except ValueError as error:
        if "Invalid endpoint" not in str(error):
            raise
        hint = "write it as http://127.0.0.1:PORT, or unset it"
        raise ConfigurationError.single(str(error), key="AWS_ENDPOINT_URL", hint=hint) from None
    except boto.ProfileNotFound as error:
        raise ConfigurationError.single(
            str(error), key="AWS_PROFILE", hint="choose a profile that exists"
        ) from None
    except boto.ClientError as error:
        detail = error.response.get("Error", {})
        if detail.get("Code") in REJECTED:
            raise ConfigurationError.single(
                f"the AWS credentials are not accepted: {detail.get('Message')}",
                key="AWS_ACCESS_KEY_ID",
                hint="log in again",
            ) from None
        if error.operation_name == "AssumeRole":
            raise TechnicalError(
                f"a role cannot be assumed: {detail.get('Code')}: {detail.get('Message')}\n"
                "  mend: see docs/first-deployment.md for the roles that each account needs, and whom they trust"
            ) from None
        raise TechnicalError(
            f"AWS refused {error.operation_name}: {detail.get('Code')}: {detail.get('Message')}"
        ) from None

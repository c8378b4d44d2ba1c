"""Who a trust policy lets in with a token of OpenID Connect: IAM's own rules, a second time and in few lines (REQ-P9).

Sources: IAM User Guide, "Policy evaluation logic" (a Deny wins, nothing is allowed by default), "Condition operators"
(letters count, wildcards only in ...Like, a missing key, ...IfExists, Null), "Conditions with multiple context keys or
values", "Policy variables", and "AWS OIDC federation context keys" (aud and sub of the token, named by the issuer).

A policy with anything else in it is an error, and no quiet no: a test must not hold because its judge is short-sighted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TAKE = "sts:AssumeRoleWithWebIdentity"
Context = Mapping[str, str | tuple[str, ...]]
"""Condition keys in small letters, and what the request says of them; several values as a tuple."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider of an account: what STS asks of a token before it reads a trust policy."""

    arn: str
    issuer: str
    """Its URL, with https."""

    audiences: tuple[str, ...]


def lets_in(trust: Mapping[str, Any], provider: Provider, claims: Mapping[str, Any]) -> bool:
    """Tell whether a role's trust lets in a token whose signature and times are right."""
    audience, subject = claims.get("aud"), claims.get("sub")
    if (
        claims.get("iss") != provider.issuer
        or audience not in provider.audiences
        or not isinstance(subject, str)
    ):
        return False
    host = provider.issuer.removeprefix("https://")
    return permitted(trust, provider.arn, {f"{host}:aud": audience, f"{host}:sub": subject})


def permitted(trust: Mapping[str, Any], principal: str, context: Context) -> bool:
    """Tell whether a trust policy permits a federated principal to take its role."""
    effects = [each["Effect"] for each in listed(trust["Statement"]) if _speaks_of(each, principal, context)]
    assert set(effects) <= {"Allow", "Deny"}
    return "Allow" in effects and "Deny" not in effects


def listed(value: Any) -> list[Any]:
    """Return a value that IAM takes alone or in a list, as a list."""
    return value if isinstance(value, list) else [value]


def _speaks_of(statement: Mapping[str, Any], principal: str, context: Context) -> bool:
    known = {"Sid", "Effect", "Principal", "Action", "NotAction", "Condition"}
    assert statement.keys() <= known and ("Action" in statement) != ("NotAction" in statement)
    named = any(
        like(TAKE.lower(), one.lower()) for one in listed(statement.get("Action", statement.get("NotAction")))
    )
    return (
        named == ("Action" in statement)
        and _is(statement["Principal"], principal)
        and all(
            _holds(operator, context.get(key.lower()), listed(wanted), context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _is(named: Any, principal: str) -> bool:
    """Everybody is `*`, or an AWS principal that is `*`; a provider is named by its whole ARN."""
    if named == "*":
        return True
    assert isinstance(named, Mapping) and named.keys() <= {"AWS", "Service", "Federated"}
    return "*" in listed(named.get("AWS", [])) or principal in listed(named.get("Federated", []))


ESCAPED = re.compile(r"\$\{([*?$])\}")


def _literal(wanted: str) -> str:
    """Return a wanted value with `${*}`, `${?}` and `${$}` as the characters that they stand for."""
    return ESCAPED.sub(r"\1", wanted)


def like(value: str, pattern: str) -> bool:
    """Tell whether a value has a pattern's form: `*` is any text, `?` one character, and every other itself."""
    signs = {"*": ".*", "?": "."}
    parts = re.findall(r"\$\{[*?$]\}|.", pattern, re.DOTALL)
    form = "".join(signs.get(part) or re.escape(_literal(part)) for part in parts)
    return re.fullmatch(form, value, re.DOTALL) is not None


COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == _literal(wanted),
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == _literal(wanted).lower(),
    "StringLike": like,
}
"""By operator, each of which has a `Not`."""


def _holds(operator: str, value: str | tuple[str, ...] | None, wanted: list[str], context: Context) -> bool:
    if operator == "Null":
        return [str(one).lower() for one in wanted] == [str(value is None).lower()]
    quantifier, _, bare = operator.rpartition(":")
    assert quantifier in ("", "ForAnyValue", "ForAllValues")
    if bare.endswith("IfExists"):
        bare = bare.removesuffix("IfExists")
        if value is None:
            return True
    negated = "Not" in bare
    compare = COMPARISONS[bare.replace("Not", "")]
    filled = [one for one in (_filled(each, context) for each in wanted) if one is not None]

    def one_holds(actual: str) -> bool:
        return any(compare(actual, one) for one in filled) != negated

    if value is None:
        return quantifier == "ForAllValues" or (not quantifier and negated)
    if not quantifier:
        assert isinstance(value, str), f"{operator} on a key of several values"
        return one_holds(value)
    values = (value,) if isinstance(value, str) else value
    return (any if quantifier == "ForAnyValue" else all)(one_holds(each) for each in values)


VARIABLE = re.compile(r"\$\{([^}*?$]+)\}")


def _filled(text: str, context: Context) -> str | None:
    """Return a wanted value with its variables; None, which nothing equals, if one of them has no value."""
    names = VARIABLE.findall(text)
    if any(not isinstance(context.get(name.lower()), str) for name in names):
        return None
    return VARIABLE.sub(lambda found: str(context[found[1].lower()]), text)

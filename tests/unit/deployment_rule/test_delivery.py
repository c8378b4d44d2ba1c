"""What is taken for a question, and what is refused (REQ-G9)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.deployment_rule.delivery import MOST_BYTES, Refused, taken
from pipelines.state.records import RuleRequest

from .asked import CALLBACK, EXPECTED, NOW, SECOND, body, headers, payload, request

HOSTILE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x" * 10_000,
    "\0",
    "a\nb",
    "../..",
    "${jndi:x}",
    [],
    [1],
    {},
    {"id": {}},
)


def refused(content: bytes, **given: Any) -> int:
    with pytest.raises(Refused) as raised:
        taken(headers(content, **given), content, EXPECTED, NOW)
    return raised.value.status


def test_a_question_is_read() -> None:
    content = body()
    assert taken(headers(content), content, EXPECTED, NOW) == request()


def test_a_branch_is_named_short_or_whole() -> None:
    content = body(deployment={"ref": "refs/heads/env/prod"})
    assert taken(headers(content), content, EXPECTED, NOW) == request()


def test_names_of_headers_are_of_any_case() -> None:
    """API Gateway passes them on as they came."""
    content = body()
    found = {name.lower(): value for name, value in headers(content).items()}
    assert taken(found, content, EXPECTED, NOW) == request()


def test_a_forged_signature_is_refused_before_anything_is_read() -> None:
    for content in (body(), b"{", b"", b"\xff", b"[" * 100_000):
        assert refused(content, secret=SECOND) == 401
        without = {name: value for name, value in headers(content).items() if "Signature" not in name}
        with pytest.raises(Refused, match="signature"):
            taken(without, content, EXPECTED, NOW)


def test_a_huge_body_is_refused_before_it_is_signed_or_read() -> None:
    assert refused(b" " * (MOST_BYTES + 1)) == 413
    assert refused(b" " * MOST_BYTES) == 400


@pytest.mark.parametrize("event", ["ping", "push", "deployment_status", "", "DEPLOYMENT_PROTECTION_RULE"])
def test_another_event_asks_nothing(event: str) -> None:
    content = body()
    assert taken(headers(content, **{"X-GitHub-Event": event}), content, EXPECTED, NOW) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"action": NaN}',
        body()[:-1],
        body()[:-1] + b', "environment": "staging"}',
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_document_is_refused(content: bytes) -> None:
    """A name that stands twice could mean one thing here and another at GitHub."""
    assert refused(content) == 400


@pytest.mark.parametrize("delivery", ["", "a b", "a#b", "x" * 65, "é"])
def test_a_delivery_has_an_id(delivery: str) -> None:
    assert refused(body(), **{"X-GitHub-Delivery": delivery}) == 400


@pytest.mark.parametrize(
    "url",
    [
        CALLBACK.replace("https", "http"),
        CALLBACK.replace("api.github.com", "api.github.com.evil.example"),
        CALLBACK.replace("api.github.com", "evil.example"),
        CALLBACK.replace("api.github.com", "api.github.com@evil.example"),
        CALLBACK.replace("api.github.com", "apixgithub.com"),
        CALLBACK.replace("api.github.com", "api.github.com:8443"),
        CALLBACK.replace("example/lockstep", "example/other"),
        CALLBACK.replace("example/lockstep", "example/lockstep/../other"),
        CALLBACK.replace("/77/", "/0/"),
        CALLBACK.replace("/77/", "/-77/"),
        CALLBACK.replace("/77/", "/77x/"),
        CALLBACK.replace("/77/", "/\u0667\u0667/"),
        CALLBACK.replace("/77/", f"/{'7' * 30}/"),
        CALLBACK + "/",
        CALLBACK + "?x=1",
        CALLBACK + "#x",
        CALLBACK + "\n",
        " " + CALLBACK,
        CALLBACK.upper(),
    ],
)
def test_an_answer_goes_nowhere_but_to_the_repositorys_own_runs(url: str) -> None:
    assert refused(body(deployment_callback_url=url)) == 422


@pytest.mark.parametrize(
    "given",
    [
        {"action": "completed"},
        {"repository": {"full_name": "example/other"}},
        {
            "repository": {"full_name": "example/other"},
            "deployment_callback_url": CALLBACK.replace("example/lockstep", "example/other"),
        },
        {"repository": {"full_name": "Example/Lockstep"}},
        {"environment": "dev"},
        {"environment": "dev", "deployment": {"environment": "dev"}},
        {"environment": "PROD"},
        {"environment": "staging"},
        {"deployment": {"environment": "staging"}},
        {"sha": "b" * 40},
        {"sha": None},
        {"deployment": {"sha": "a" * 39}},
        {"deployment": {"sha": "A" * 40}, "sha": "A" * 40},
        {"deployment": {"ref": "a b"}},
        {"deployment": {"ref": "a" * 256}},
        {"deployment": {"id": True}},
        {"deployment": {"id": 10**18}},
        {"deployment": {"created_at": "yesterday"}},
        {"deployment": {"created_at": "2026-03-02T11:59:30"}},
    ],
    ids=str,
)
def test_another_question_is_refused(given: dict[str, Any]) -> None:
    """Another repository, another environment, or a deployment that contradicts itself."""
    assert refused(body(**given)) == 422


@pytest.mark.parametrize(
    "name", ["action", "environment", "deployment_callback_url", "deployment", "repository"]
)
@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:12])
def test_hostile_values_are_refused(name: str, value: Any) -> None:
    assert refused(json.dumps({**payload(), name: value}).encode()) == 422


@pytest.mark.parametrize("name", ["id", "sha", "ref", "environment", "created_at"])
def test_a_deployment_is_whole(name: str) -> None:
    """Also where GitHub has none, as for a job with `deployment: false`."""
    found = payload()
    del found["deployment"][name]
    assert refused(json.dumps(found).encode()) == 422


@pytest.mark.parametrize(
    ("age", "is_taken"),
    [
        (timedelta(days=3), True),
        (timedelta(days=3, seconds=1), False),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-5, seconds=-1), False),
    ],
    ids=str,
)
def test_what_is_old_or_still_to_come_is_refused(age: timedelta, is_taken: bool) -> None:
    made = (NOW - age).isoformat()
    content = body(deployment={"created_at": made})
    if is_taken:
        assert isinstance(taken(headers(content), content, EXPECTED, NOW), RuleRequest)
    else:
        assert refused(content) == 422


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda one: st.lists(one) | st.dictionaries(st.text(), one),
    )
)
def test_no_signed_document_breaks_it(value: Any) -> None:
    """Whatever JSON holds: it is refused with a status, and quoted nowhere."""
    content = json.dumps({**payload(), "deployment": value, "environment": value}).encode()
    assert refused(content) == 422

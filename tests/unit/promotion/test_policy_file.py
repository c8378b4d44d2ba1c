"""The policy file: every mistake with its place and mend, all of them in one run (REQ-G1 to REQ-G5)."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

import pytest
import yaml
from jsonschema import Draft202012Validator

from pipelines.promotion.freezes import Once, Weekly
from pipelines.promotion.gates import GATES
from pipelines.promotion.policy_file import FILE, FORM, read
from pipelines.promotion.policy_form import ZONES, schema
from validator.errors import ConfigurationError, Problem

from .good import POLICY, ROOT, TEXT

SCHEMA: dict[str, Any] = json.loads((ROOT / "pipelines/promotion.schema.json").read_text(encoding="utf-8"))
SMALL = """\
order: [dev, staging, prod]
environments:
  dev: {branch: env/dev}
  staging:
    branch: env/staging
    approvals: 1
  prod:
    branch: env/prod
    soak_minutes: 60
    approvals: 1
freezes:
  - name: winter
    reason: nobody is here
    environments: [prod]
    from: 2026-12-20T00:00
    until: 2027-01-04T06:00
    time_zone: Europe/Zurich
recovery_drill_days: {orders: 30}
stateful: [AWS::S3::Bucket]
"""


def problems(text: str, **given: Any) -> list[Problem]:
    """Return what is wrong with a policy; nothing where it is none."""
    try:
        read(text, **given)
    except ConfigurationError as error:
        return list(error.problems)
    return []


def changed(old: str, new: str) -> str:
    """Return the small policy with one part of its text changed."""
    assert SMALL.count(old) == 1, old
    return SMALL.replace(old, new)


def test_the_projects_own_policy_asks_for_what_the_requirements_do() -> None:
    """An hour before prod, somebody before staging and prod, and every gate before each."""
    assert POLICY.order == ("dev", "staging", "prod")
    assert [rule.source for rule in POLICY.rules] == [None, "dev", "staging"]
    assert [rule.soak for rule in POLICY.rules] == [timedelta(), timedelta(), timedelta(hours=1)]
    assert [rule.approvals for rule in POLICY.rules] == [0, 1, 1]
    assert [rule.branch for rule in POLICY.rules] == ["env/dev", "env/staging", "env/prod"]
    for rule in POLICY.rules[1:]:
        assert rule.gates == tuple(GATES)
    assert set(GATES) - set(POLICY.rules[0].gates) == {"previous-environment", "same-digest", "soak"}


def test_the_example_of_the_page_is_a_policy() -> None:
    """With every key of the form in it."""
    example, *_ = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "docs/promotion.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(read(example, workloads=["orders"]).of("prod").freezes) == 2
    assert set(yaml.safe_load(example)) == set(SCHEMA["properties"])


def test_everything_of_a_policy_is_read() -> None:
    """Freezes reach the environments that they name, gates that are left out are not asked."""
    text = changed("branch: env/staging", "branch: env/staging\n    without: [recovery-drill, freeze-window]")
    weekly = "  - {name: w, reason: r, environments: [dev, prod], from: Fri 16:00, until: Mon 06:30, time_zone: UTC}\n"
    policy = read(text.replace("recovery_drill_days", weekly + "recovery_drill_days"))
    dev, staging, prod = policy.rules
    assert [freeze.name for freeze in dev.freezes] == ["w"]
    assert staging.freezes == ()
    assert set(GATES) - set(staging.gates) == {"recovery-drill", "freeze-window"}
    winter, week = (freeze.window for freeze in prod.freezes)
    assert isinstance(winter, Once)
    assert winter.begins.isoformat() == "2026-12-20T00:00:00+01:00"
    assert isinstance(week, Weekly)
    assert (week.begins[0], week.ends[0], week.ends[1].isoformat()) == (4, 0, "06:30:00")
    assert prod.drill_age == {"orders": timedelta(days=30)}
    assert prod.stateful == {"AWS::S3::Bucket"}


def test_signed_commits_are_asked_for_where_the_policy_says_so() -> None:
    """And nowhere else (REQ-G2)."""
    policy = read(changed("branch: env/staging", "branch: env/staging\n    signed_commits: true"))
    assert [rule.signed_commits for rule in policy.rules] == [False, True, False]


def test_a_time_with_seconds_is_one_though_yaml_reads_it_as_its_own() -> None:
    """What YAML makes a time of means what was written."""
    policy = read(changed("from: 2026-12-20T00:00", "from: 2026-12-20T00:00:30"))
    window = policy.of("prod").freezes[0].window
    assert isinstance(window, Once)
    assert window.begins.isoformat() == "2026-12-20T00:00:30+01:00"


TIMES = "`from` and `until` are both dates like 2026-12-20T00:00 without an offset, which `time_zone` says, "
WRONG: list[tuple[str, str, str, int | None, str]] = [
    # old text, new text, key, line, message
    ("[dev, staging, prod]", "[dev, prod]", "order", 1, "is dev, prod"),
    ("[dev, staging, prod]", "[staging, dev, prod]", "order", 1, "is staging, dev, prod"),
    ("[dev, staging, prod]", "[dev, staging, prod, live]", "order", 1, "is dev, staging, prod, live"),
    ("[dev, staging, prod]", "dev", "order", 1, "is no list"),
    ("[dev, staging, prod]", "[]", "order", 1, "List should have at least 1 item after validation, not 0"),
    ("order: [dev, staging, prod]\n", "", "order", None, "is missing"),
    ("  dev: {branch: env/dev}\n", "", "environments", 2, "has no rule for dev"),
    ("  dev: {branch: env/dev}\n", "  dev:\n", "environments.dev", 3, "is no mapping"),
    (
        "  staging:\n    branch: env/staging\n    approvals: 1\n",
        "  staging:\n",
        "environments",
        2,
        "has no rule for staging",
    ),
    ("  dev:", "  live: {branch: live}\n  dev:", "environments.live", 3, "is no environment of the project"),
    ("env/dev}", "env/dev, soak_minutes: 5}", "environments.dev.soak_minutes", 3, "has nothing to soak in"),
    (
        "soak_minutes: 60",
        "soak_minutes: 59",
        "environments.prod.soak_minutes",
        9,
        "is 59: Input should be greater than or equal to 60",
    ),
    ("soak_minutes: 60", "soak_minutes: '60'", "environments.prod.soak_minutes", 9, "is no whole number"),
    ("soak_minutes: 60", "soak_minutes: 60.5", "environments.prod.soak_minutes", 9, "is no whole number"),
    ("soak_minutes: 60", "soak_minutes: true", "environments.prod.soak_minutes", 9, "is no whole number"),
    (
        "soak_minutes: 60",
        "soak_minutes: 43201",
        "environments.prod.soak_minutes",
        9,
        "is 43201: Input should be less than or equal to 43200",
    ),
    ("    soak_minutes: 60\n", "", "environments.prod.soak_minutes", 7, "is missing"),
    (
        "60\n    approvals: 1",
        "60\n    approvals: 0",
        "environments.prod.approvals",
        10,
        "is 0: Input should be greater than or equal to 1",
    ),
    ("60\n    approvals: 1", "60", "environments.prod.approvals", 7, "is missing"),
    ("staging\n    approvals: 1", "staging", "environments.staging.approvals", 4, "is missing"),
    (
        "staging\n    approvals: 1",
        "staging\n    approvals: 0",
        "environments.staging.approvals",
        6,
        "is 0: Input should be greater than or equal to 1",
    ),
    ("    branch: env/prod\n", "", "environments.prod.branch", 7, "is missing"),
    (
        "branch: env/prod",
        "branch: ' env/prod'",
        "environments.prod.branch",
        8,
        "is ' env/prod': String should match",
    ),
    ("branch: env/prod", "branch: [env/prod]", "environments.prod.branch", 8, "is no text"),
    (
        "    branch: env/prod",
        "    soak: 60\n    branch: env/prod",
        "environments.prod.soak",
        8,
        "is no key of this file",
    ),
    (
        "soak_minutes: 60",
        "soak_minutes: 60\n    without: [soak]",
        "environments.prod.without",
        10,
        "soak cannot be left out: REQ-G3 asks for it",
    ),
    (
        "soak_minutes: 60",
        "soak_minutes: 60\n    without: [sock]",
        "environments.prod.without",
        10,
        f"'sock' is no gate; the gates are {', '.join(GATES)}",
    ),
    (
        "soak_minutes: 60",
        "soak_minutes: 60\n    without: [freeze-window]",
        "freezes.0.environments",
        15,
        "prod does without freezes",
    ),
    (
        "environments: [prod]",
        "environments: [live]",
        "freezes.0.environments",
        14,
        "live is no environment of the project",
    ),
    (
        "environments: [prod]",
        "environments: []",
        "freezes.0.environments",
        14,
        "List should have at least 1 item",
    ),
    ("    reason: nobody is here\n", "", "freezes.0.reason", 12, "is missing"),
    ("reason: nobody is here", "reason: ''", "freezes.0.reason", 13, "is empty"),
    ("    time_zone: Europe/Zurich\n", "", "freezes.0.time_zone", 12, "is missing"),
    (
        "Europe/Zurich",
        "Europe/Bern",
        "freezes.0.time_zone",
        17,
        "'Europe/Bern' is no time zone; write one of",
    ),
    (
        "Europe/Zurich",
        "../../etc/passwd",
        "freezes.0.time_zone",
        17,
        "'../../etc/passwd' is no time zone; write one of",
    ),
    ("Europe/Zurich", "Europe", "freezes.0.time_zone", 17, "'Europe' is no time zone; write one of"),
    ("2026-12-20T00:00", "2026-12-20T00:00+01:00", "freezes.0", 12, TIMES),
    ("2026-12-20T00:00", "2026-12-20T00:00:00Z", "freezes.0", 12, TIMES),
    ("2026-12-20T00:00", "2026-12-20", "freezes.0", 12, TIMES),
    ("2026-12-20T00:00", "Fri 16:00", "freezes.0", 12, TIMES),
    ("2026-12-20T00:00", "\uff12026-12-20T00:00", "freezes.0", 12, TIMES),
    ("2026-12-20T00:00", "2026-02-30T00:00", "freezes.0", 12, "day is out of range for month"),
    ("2026-12-20T00:00", "2026-12-20T25:00", "freezes.0", 12, "hour must be in 0..23"),
    ("2026-12-20T00:00", "2028-12-20T00:00", "freezes.0", 12, "ends at 2027-01-04T06:00, which is not after"),
    ("2026-12-20T00:00", "10:30", "freezes.0.from", 15, "is no text"),
    (
        "2026-12-20T00:00\n    until: 2027-01-04T06:00",
        "Fri 16:00\n    until: Fri 16:00",
        "freezes.0",
        12,
        "begins and ends at the same time of the week",
    ),
    (
        "2026-12-20T00:00\n    until: 2027-01-04T06:00",
        "Fri 24:00\n    until: Sat 16:00",
        "freezes.0",
        12,
        TIMES,
    ),
    (
        "{orders: 30}",
        "{orders: 0}",
        "recovery_drill_days.orders",
        18,
        "is 0: Input should be greater than or equal",
    ),
    ("{orders: 30}", "{ordres: 30}", "recovery_drill_days.ordres", 18, "is no workload of the project"),
    ("{orders: 30}", "[orders]", "recovery_drill_days", 18, "is no mapping"),
    ("[AWS::S3::Bucket]", "[]", "stateful", 19, "List should have at least 1 item after validation, not 0"),
    ("[AWS::S3::Bucket]", "[S3 Bucket]", "stateful.0", 19, "is 'S3 Bucket': String should match pattern"),
    ("stateful: [AWS::S3::Bucket]\n", "", "stateful", None, "is missing"),
    ("stateful:", "statefull: []\nstateful:", "statefull", 19, "is no key of this file"),
    ("stateful:", "order: []\nstateful:", "order", 19, "stands twice, first in line 1"),
    (
        "    approvals: 1\n  prod:",
        "    approvals: 1\n    approvals: 2\n  prod:",
        "environments.staging.approvals",
        7,
        "stands twice",
    ),
    ("order: [dev,", "order: [dev,]]", "", 1, "YAML: "),
    ("stateful: [", "stateful: !!python/name:os.system [", "", 19, "YAML: could not determine a constructor"),
]


@pytest.mark.parametrize(("old", "new", "key", "line", "message"), WRONG)
def test_a_mistake_is_told_with_its_place_and_mend(
    old: str, new: str, key: str, line: int | None, message: str
) -> None:
    """One mistake, one problem."""
    found = problems(changed(old, new), workloads=["orders"])
    assert len(found) == 1, found
    (one,) = found
    assert (one.file, one.key, one.line) == (FILE, key, line)
    assert one.message.startswith(message), one.message
    assert one.hint


def test_the_small_policy_is_right_but_for_what_is_changed() -> None:
    assert problems(SMALL, workloads=["orders", "control"]) == []
    assert problems(SMALL) == []


def test_a_branch_of_two_environments_is_told_at_both() -> None:
    """Whoever pushed there would deploy to both."""
    found = problems(changed("env/staging", "env/dev"))
    assert [(one.key, one.line, one.message) for one in found] == [
        ("environments.dev.branch", 3, "env/dev belongs to several environments"),
        ("environments.staging.branch", 5, "env/dev belongs to several environments"),
    ]


def test_all_mistakes_come_in_one_run() -> None:
    """Those of the form, and those between the parts of the file."""
    text = changed("soak_minutes: 60", "soak_minutes: 5").replace("{branch: env/dev}", "{branch: env/prod}")
    text = text.replace("[dev, staging, prod]\n", "[dev, prod]\ncolour: red\n").replace(
        "Europe/Zurich", "CET+1"
    )
    assert [one.key for one in problems(text, workloads=["ledger"])] == [
        "order",
        "colour",
        "environments.dev.branch",
        "environments.prod.branch",
        "environments.prod.soak_minutes",
        "freezes.0.time_zone",
        "recovery_drill_days.orders",
    ]


@pytest.mark.parametrize("text", ["", "[]", "1", "'text'", "null", "---\n"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    (one,) = problems(text)
    assert (one.file, one.key, one.message, one.hint) == (FILE, "", "is no mapping", FORM)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 1000,
        "order: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"k{n}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(9)),
        "order: &a [*a]\n",
        changed("branch: env/prod", f"branch: {'x' * 1_000_000}"),
        changed("soak_minutes: 60", f"soak_minutes: {'9' * 4_000}"),
        changed("soak_minutes: 60", f"soak_minutes: {'9' * 5_000}"),
        changed("[dev, staging, prod]", f"[{', '.join(f'e{n}' for n in range(5_000))}]"),
        changed("  dev:", "".join(f"  e{n}: {{branch: b}}\n" for n in range(5_000)) + "  dev:"),
        changed("[AWS::S3::Bucket]", f"[{', '.join(['AWS::S3::Bucket'] * 20_000)}]"),
        changed("Europe/Zurich", "x" * 100_000),
        changed("2026-12-20T00:00", "9" * 100_000),
        "\x00",
        "order: \ud800",
    ],
    ids=range(14),
)
def test_a_hostile_file_is_refused_soon_and_in_few_words(text: str) -> None:
    """Neither its size nor its depth takes long, and no message repeats it."""
    begun = time.monotonic()
    found = problems(text)
    assert found
    assert time.monotonic() - begun < 30
    assert max(len(one.message) for one in found) < 500


# What JSON's schema can say of a mistake: all but what stands between parts, names of workloads and of each zone, and
# real dates.
BETWEEN = re.compile(
    r"does without|'(Europe/Bern|Europe)' is no time zone|out of range|not after|same time|is no workload|stands twice|"
    r"YAML"
)


@pytest.mark.parametrize(
    ("old", "new", "message"), [(old, new, message) for old, new, _, _, message in WRONG]
)
def test_the_schema_refuses_what_the_reader_does(old: str, new: str, message: str) -> None:
    """So that an editor marks it while it is written: a soak below an hour before all (REQ-G3)."""
    if not BETWEEN.search(message):
        document = yaml.load(changed(old, new), Loader=yaml.BaseLoader if "10:30" in new else yaml.SafeLoader)  # noqa: S506
        assert "10:30" in new or not Draft202012Validator(SCHEMA).is_valid(document)


def test_the_schema_takes_what_the_reader_takes() -> None:
    """And says which soak is too short."""
    validator = Draft202012Validator(SCHEMA)
    Draft202012Validator.check_schema(SCHEMA)
    for text in (SMALL, TEXT):
        assert list(validator.iter_errors(yaml.safe_load(text))) == []
    document = yaml.safe_load(SMALL)
    document["environments"]["prod"]["soak_minutes"] = 59
    assert [error.message for error in validator.iter_errors(document)] == [
        "59 is less than the minimum of 60"
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Europe/Zurich", "Mars/X"),
        ("2026-12-20T00:00", "tomorrow"),
        ("2027-01-04T06:00", "Fri 16:00"),
        ("2026-12-20T00:00", "2026-13-20T00:00"),
    ],
)
def test_the_schema_refuses_a_time_that_is_none(old: str, new: str) -> None:
    text = changed(old, new)
    assert problems(text)
    assert not Draft202012Validator(SCHEMA).is_valid(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from: 2026-12-20T00:00\n    until: 2027-01-04T06:00", "from: Fri 16:00\n    until: Mon 06:30"),
        ("from: 2026-12-20T00:00", "from: '2026-12-20T23:59:59'"),
        ("env/staging\n", "env/staging\n    without: [branch, recovery-drill, freeze-window]\n"),
        ("{branch: env/dev}", "{branch: env/dev, soak_minutes: 0}"),
        ("environments: [prod]", "environments: [dev, staging, prod]"),
    ],
)
def test_the_schema_takes_each_form_that_the_reader_takes(old: str, new: str) -> None:
    text = changed(old, new)
    assert problems(text) == []
    assert list(Draft202012Validator(SCHEMA).iter_errors(yaml.safe_load(text))) == []


def test_the_schema_takes_every_time_zone() -> None:
    zones = available_timezones() - {"localtime"}
    assert [zone for zone in zones if not re.search(ZONES, zone)] == []
    assert len(zones) > 100


def test_the_schema_file_is_the_schema() -> None:
    """After a change of the form: `python -m pipelines.promotion.reference`."""
    assert (ROOT / "pipelines/promotion.schema.json").read_text(encoding="utf-8") == schema()
    assert TEXT.startswith("# yaml-language-server: $schema=promotion.schema.json\n")

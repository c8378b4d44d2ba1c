"""`lockstep parity` on the repository, and on a copy of it in which somebody changed something (REQ-V3, V4)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import cli
from tests.unit.pipelines.test_cli import validate
from tests.unit.small_project import orders_alone

ROOT = Path(__file__).parents[3]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of what parity reads, with one workload."""
    return orders_alone(tmp_path / "project")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_repository_is_in_parity(capsys: pytest.CaptureFixture[str]) -> None:
    """Each value that differs is shown with its figures, its owner and its reason."""
    assert cli.run(["parity", "--project", str(ROOT)]) == cli.SUCCESS
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.startswith("orders:settings.functions.memory_mb")]
    assert line.split()[1:5] == ["512", "1024", "2048", "platform"]
    assert "NOBODY" not in out
    assert cli.run(["parity", "--project", str(ROOT), "--format", "json"]) == cli.SUCCESS
    document = validate(capsys.readouterr().out, "parity")
    assert document["findings"] == []
    assert document["differences"]


def test_an_undeclared_difference_is_named_at_the_value_that_caused_it(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, line and key of the hierarchy; both values; exit code 1."""
    config = copy / "sceptre/config/prod/orders/config.yaml"
    edit(config, "  queue:\n", "  queue:\n    visibility_timeout_seconds: 300\n")
    assert cli.run(["parity", "--project", str(copy), "--format", "json"]) == cli.FAILURE
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["file"] == "sceptre/config/prod/orders/config.yaml"
    assert finding["key"] == "settings.queue.visibility_timeout_seconds"
    lines = config.read_text(encoding="utf-8").splitlines()
    assert lines[finding["line"] - 1].strip() == "visibility_timeout_seconds: 300"
    assert "staging 240, prod 300" in finding["message"]
    assert cli.run(["parity", "--project", str(copy)]) == cli.FAILURE
    captured = capsys.readouterr()
    assert "NOBODY" in captured.out
    assert "mend: make the values alike, or declare" in captured.err


def test_a_declaration_that_is_wrong_is_named_with_its_line(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, file, key and line of the policy."""
    edit(copy / "pipelines/variance.yaml", "    owner: on-call\n", "    owner: on-call\n    colour: blue\n")
    assert cli.run(["parity", "--project", str(copy), "--format", "json"]) == cli.USAGE
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["file"] == "pipelines/variance.yaml"
    assert problem["key"].endswith("colour")
    lines = (copy / "pipelines/variance.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[problem["line"] - 1].strip() == "colour: blue"


def test_two_environments_are_shown_place_by_place(capsys: pytest.CaptureFixture[str]) -> None:
    """Both values, the key and line of each side that caused it, the parameter it went through, and the owner."""
    assert cli.run(["parity", "staging", "prod", "--project", str(ROOT)]) == cli.SUCCESS
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    start = lines.index("Resources.Function.Properties.MemorySize: staging 1024, prod 2048")
    because = lines[start + 1]
    assert because.startswith("because `functions.memory_mb` in sceptre/config/staging/orders/config.yaml:")
    assert because.endswith("through the parameter MemoryMegabytes")
    assert lines[start + 2] == "declared by platform: REQ-O1: functions grow with the environment's load"


def test_the_story_of_a_difference_is_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Causes with file, key and line on each side; the declaration with owner and reason."""
    assert cli.run(["parity", "dev", "prod", "--project", str(ROOT), "--format", "json"]) == cli.SUCCESS
    document = validate(capsys.readouterr().out, "parity")
    (one,) = [
        row
        for row in document["differences"]
        if (row["stack"], row["key"]) == ("orders/queue", "Resources.Queue.Properties.MessageRetentionPeriod")
    ]
    assert one["values"] == {"dev": 86400, "prod": 1209600}
    (cause,) = one["causes"]
    assert (cause["parameter"], cause["setting"]) == ("RetentionSeconds", "queue.retention_days")
    for environment in ("dev", "prod"):
        where = cause["written"][environment]
        text = (ROOT / where["file"]).read_text(encoding="utf-8").splitlines()[where["line"] - 1]
        assert where["file"] == f"sceptre/config/{environment}/orders/config.yaml"
        assert "retention_days" in text
    assert one["declared"][0]["path"] == "orders:settings.queue.retention_days"
    assert one["guarded"] is False


def test_two_environments_alone_make_no_declaration_needless(copy: Path) -> None:
    """Staging and prod have the same NAT; the declaration is for dev."""
    assert cli.run(["parity", "staging", "prod", "--project", str(copy)]) == cli.SUCCESS


@pytest.mark.parametrize(
    ("sides", "words"),
    [
        (["staging", "qa"], "qa is no environment, and no folder of one"),
        (["prod/orders", "prod/ledger"], "prod has no stacks below ledger"),
    ],
)
def test_a_side_that_does_not_exist_is_named(
    sides: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["parity", *sides, "--project", str(ROOT)]) == cli.USAGE
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["staging"],
        ["--template", __file__],
        ["dev", "prod", "--template", __file__, "--parameters", __file__, __file__],
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: list[str]) -> None:
    assert cli.run(["parity", *arguments, "--project", str(ROOT)]) == cli.USAGE


def test_a_proposal_is_written_once_and_refused_until_somebody_fills_it_in(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Comments and order of the policy file stay; reason and owner are empty; filled in, parity is kept."""
    policy = copy / "pipelines/variance.yaml"
    before = policy.read_text(encoding="utf-8")
    edit(
        copy / "sceptre/config/prod/orders/config.yaml",
        "  queue:\n",
        "  queue:\n    visibility_timeout_seconds: 300\n",
    )
    arguments = ["parity", "--project", str(copy)]
    assert cli.run([*arguments, "--declare"]) == cli.FAILURE
    assert "1 declaration proposed" in capsys.readouterr().out
    written = policy.read_text(encoding="utf-8")
    assert written.startswith(before.rstrip("\n"))
    assert "path: orders:settings.queue.visibility_timeout_seconds" in written
    assert cli.run([*arguments, "--declare"]) == cli.SUCCESS
    assert policy.read_text(encoding="utf-8") == written
    capsys.readouterr()
    assert cli.run([*arguments, "--format", "json"]) == cli.USAGE
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [problem["key"].rpartition(".")[2] for problem in problems] == ["reason", "owner"]
    assert all("is empty" in problem["message"] for problem in problems)
    edit(policy, "reason: ''", "reason: prod's processor waits for settlement")
    edit(policy, "owner: ''", "owner: platform")
    assert cli.run(arguments) == cli.SUCCESS


def test_what_security_rests_on_is_never_proposed(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """REQ-V5: the key of a queue that one environment decides by itself is counted, and not written."""
    policy = copy / "pipelines/variance.yaml"
    before = policy.read_bytes()
    template = copy / "templates/queue.yaml"
    edit(template, "!Ref DataKeyArn # SQS.1", "!If [IsLong, alias/aws/sqs, !Ref DataKeyArn] # SQS.1")
    edit(template, "Conditions:\n", "Conditions:\n  IsLong: !Equals [!Ref RetentionSeconds, 1209600]\n")
    assert cli.run(["parity", "--project", str(copy), "--declare"]) == cli.FAILURE
    captured = capsys.readouterr()
    assert "security rests on 1 difference, which" in captured.err
    assert policy.read_bytes() == before


TEMPLATE = """\
Parameters:
  Environment: {Type: String}
  Size: {Type: Number}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Sub ${Environment}-alerts
      DisplayName: !Ref Size
"""


def test_plain_cloudformation_is_compared_by_two_parameter_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In any of the forms that tools write; each difference names the parameter and the file."""
    (tmp_path / "topic.yaml").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "a.json").write_text('{"Environment": "same", "Size": 1}', encoding="utf-8")
    (tmp_path / "b.json").write_text(
        json.dumps(
            [
                {"ParameterKey": "Environment", "ParameterValue": "same"},
                {"ParameterKey": "Size", "ParameterValue": "2"},
            ]
        ),
        encoding="utf-8",
    )
    (tmp_path / "c.yaml").write_text("Parameters:\n  Environment: same\n  Size: 1\n", encoding="utf-8")

    def compared(one: str, two: str) -> tuple[int, dict[str, object]]:
        files = [str(tmp_path / one), str(tmp_path / two)]
        arguments = ["--template", str(tmp_path / "topic.yaml"), "--parameters", *files, "--format", "json"]
        code = cli.run(["parity", *arguments])
        return code, validate(capsys.readouterr().out, "parity")

    code, document = compared("a.json", "b.json")
    assert code == cli.FAILURE
    assert [row["key"] for row in document["differences"]] == [  # type: ignore[attr-defined]
        "Parameters.Size",
        "Resources.Topic.Properties.DisplayName",
    ]
    (finding,) = document["findings"]  # type: ignore[misc]
    assert finding["file"] == str(tmp_path / "b.json")
    assert "topic:Parameters.Size differs and nobody declared it (a '1', b '2')" in finding["message"]
    assert compared("a.json", "c.yaml")[0] == cli.SUCCESS


@pytest.mark.parametrize("text", ["3", "[1, 2]", '{"A": {"B": 1}}', "{", "\x00"])
def test_a_file_without_parameters_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "topic.yaml").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    arguments = ["--template", str(tmp_path / "topic.yaml"), "--parameters", *[str(tmp_path / "a.json")] * 2]
    assert cli.run(["parity", *arguments]) == cli.USAGE
    assert "a.json" in capsys.readouterr().err

"""The alarms of home and agents: none hides another, each reaches somebody, each names a page that exists (REQ-C9)."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from validator.settings.notifications import Environment

from . import small_project
from .template_facts import ROOT, read

ALARM = "AWS::CloudWatch::Alarm"
WITH_ALARMS = ("control-monitoring", "gate-monitoring", "agent")
"""Templates of the control plane that have alarms."""


def alarms(name: str) -> dict[str, dict[str, Any]]:
    """Return the properties of each alarm of a template."""
    return {key: body["Properties"] for key, body in read(name).resources(ALARM)}


def rendered(stack: str) -> dict[str, Any]:
    """Return the effective resources of a stack."""
    return next(one["resources"] for one in small_project.rendered() if one["name"] == stack)


@pytest.mark.parametrize("name", WITH_ALARMS)
def test_every_alarm_names_a_runbook_that_exists(name: str) -> None:
    """REQ-X5: by a URL, since who is woken has a telephone and no repository."""
    for key, alarm in alarms(name).items():
        page = re.search(r"\(\$\{RunbooksUrl\}/([a-z-]+\.md)\)$", alarm["AlarmDescription"]["Fn::Sub"])
        assert page and (ROOT / "docs" / "runbooks" / page[1]).is_file(), key


def test_a_page_is_where_the_repository_is() -> None:
    """REQ-P2: from organization and repository in the settings."""
    drift = rendered("shared/control/monitoring")["DriftAlarm"]["Properties"]["AlarmDescription"]
    assert drift.endswith("(https://github.com/example-org/lockstep/blob/main/docs/runbooks/drift.md)")


def test_no_environment_hides_another() -> None:
    """A query over all of them groups, so that each is a contributor with notifications of its own."""
    for key, alarm in {**alarms("control-monitoring"), **alarms("gate-monitoring")}.items():
        (first, *_) = alarm.get("Metrics", [{}])
        query = str(first.get("Expression", ""))
        if "Environment" in query:
            assert re.search(r" GROUP BY Environment(, Workload)?$", query), key
            assert ("Workload" in query.split("GROUP BY", maxsplit=1)[0]) == query.endswith("Workload"), key
            assert alarm["TreatMissingData"] == "notBreaching", f"{key}: a group without figures is gone"


def test_silence_of_each_environment_breaks_an_alarm_of_its_own() -> None:
    """REQ-C9: a missing figure is as bad as a wrong one, and is seen beside figures of the others."""
    found = {
        key: body["Properties"]
        for key, body in rendered("shared/control/monitoring").items()
        if body["Type"] == ALARM and body["Properties"]["TreatMissingData"] == "breaching"
    }
    of_environments = {key: one for key, one in found.items() if key.startswith("SilenceAlarm")}
    assert found.keys() - of_environments.keys() == {"SilentRegionsAlarm"}
    watched = {one["Dimensions"][0]["Value"]: one for one in of_environments.values()}
    folders = {path.name for path in (ROOT / "sceptre" / "config").iterdir() if path.is_dir()}
    assert watched.keys() == folders - {"shared"} == set(get_args(Environment)) - {"shared"}
    for name, alarm in watched.items():
        assert alarm["MetricName"] == "LastSuccessfulSyncAgeSeconds"
        assert alarm["Dimensions"][1] == {"Name": "service", "Value": "reconciler"}
        assert alarm["AlarmName"] == f"shared-control-alarm-silence-{name}"


def test_the_dashboard_shows_the_alarms_on_silence() -> None:
    """By ARNs that the settings make: a template cannot list what a loop makes."""
    resources = rendered("shared/control/monitoring")
    body = str(resources["Dashboard"]["Properties"]["DashboardBody"])
    for key, alarm in resources.items():
        if key.startswith("SilenceAlarm"):
            assert f':alarm:{alarm["Properties"]["AlarmName"]}"' in body.replace("\\n", ""), key


def test_what_an_agents_alarms_say_goes_home_without_a_function() -> None:
    """REQ-C9: each of them is named by the rule, since an alarm without a way to somebody is none."""
    resources = rendered("dev/control/agent")
    rule = resources["ForwardAlarmsRule"]["Properties"]
    names = [body["Properties"]["AlarmName"] for body in resources.values() if body["Type"] == ALARM]
    assert sorted(rule["EventPattern"]["detail"]["alarmName"]) == sorted(names)
    assert (rule["EventBusName"], rule["EventPattern"]["source"]) == ("default", ["aws.cloudwatch"])
    (target,) = rule["Targets"]
    home = "arn:aws:events:us-west-2:333333333333:event-bus/shared-control-home"
    assert (target["Arn"], str(target["RoleArn"])) == (home, str({"$symbol": "att:ForwardRole.Arn"}))


def test_every_dead_letter_and_failure_of_an_agent_has_an_alarm() -> None:
    """Queues and functions of the agent, each by itself: a second one is not hidden by the first."""
    resources = rendered("dev/control/agent")
    watched = [body["Properties"] for body in resources.values() if body["Type"] == ALARM]
    found = {(one["MetricName"], one["Dimensions"][0]["Value"]) for one in watched}
    assert found == {
        *(
            ("ApproximateNumberOfMessagesVisible", body["Properties"]["QueueName"])
            for body in resources.values()
            if body["Type"] == "AWS::SQS::Queue" and "RedrivePolicy" not in body["Properties"]
        ),
        *(
            (metric, body["Properties"]["FunctionName"])
            for body in resources.values()
            if body["Type"] == "AWS::Lambda::Function"
            for metric in ("Errors", "Throttles")
        ),
    }


def test_home_tells_what_the_agents_alarms_say_once() -> None:
    """To the topic itself; what is replayed from the archive was told already."""
    rule = rendered("shared/control/bus")["AlarmsRule"]["Properties"]
    assert rule["EventPattern"] == {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "replay-name": [{"exists": False}],
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == {"$symbol": "ssm:/control/shared/topics/AlarmTopicArn"}
    assert "DeadLetterConfig" in target
    given = target["InputTransformer"]
    assert set(re.findall("<([a-z]+)>", given["InputTemplate"])) == given["InputPathsMap"].keys()


def test_what_has_no_attributes_goes_where_nobody_filters() -> None:
    """REQ-C5: CloudWatch and EventBridge send none, and SNS lets such a message pass no filter, whatever that says."""
    topics = read("topics")
    services = {
        body["Properties"]["Topics"][0]["Ref"]: {
            one["Principal"]["Service"]
            for one in body["Properties"]["PolicyDocument"]["Statement"]
            if one["Effect"] == "Allow"
        }
        for _, body in topics.resources("AWS::SNS::TopicPolicy")
    }
    filtered = {
        body["Properties"]["TopicArn"]["Ref"]: "FilterPolicy" in body["Properties"]
        for _, body in topics.resources("AWS::SNS::Subscription")
    }
    assert filtered == {topic: not senders for topic, senders in services.items()}
    assert services["AlarmTopic"] == {"cloudwatch.amazonaws.com", "events.amazonaws.com"}
    told = rendered("shared/control/monitoring")["DriftAlarm"]["Properties"]["AlarmActions"]
    assert told == [{"$symbol": "ssm:/control/shared/topics/AlarmTopicArn"}]


def test_each_function_of_home_has_an_alarm_that_its_failures_can_reach() -> None:
    """REQ-C9: the reconciler runs every 15 minutes, three tries at most: so few failures have an alarm of their own."""
    found = alarms("control-monitoring")
    together = str(found["FunctionErrorsAlarm"]["Metrics"])
    for function in ("Tracker", "Announcer", "Consistency"):
        assert f"'{function}FunctionName'" in together
    assert "Reconciler" not in together
    own = found["ReconcilerErrorsAlarm"]
    assert (own["Namespace"], own["MetricName"], own["Statistic"]) == ("AWS/Lambda", "Errors", "Sum")
    assert own["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "ReconcilerFunctionName"}}]
    assert (own["ComparisonOperator"], own["Threshold"]) == ("GreaterThanThreshold", 0)


@pytest.mark.parametrize("name", ["RefusedEventsAlarm", "ReconcilerErrorsAlarm"])
def test_what_is_wrong_at_each_pass_does_not_flap(name: str) -> None:
    """REQ-C9: the window is longer than the 15 minutes between passes, and one bad figure holds it."""
    alarm = alarms("control-monitoring")[name]
    period = alarm.get("Period") or alarm["Metrics"][0]["Period"]
    passes = 15 * 60
    # Periods are whole: what happens once a pass can leave the first and the last of them empty.
    assert period * (alarm["EvaluationPeriods"] - 1) >= passes
    assert alarm["DatapointsToAlarm"] == 1


def test_the_rule_has_an_alarm_on_each_way_to_leave_a_question_unanswered() -> None:
    """REQ-G9: not taken, refused, not judged, given up; and where nobody looks any more, which no figure shows."""
    found = alarms("gate-monitoring")
    assert {key for key, one in found.items() if one["TreatMissingData"] == "breaching"} == {
        "UnansweredAlarm"
    }
    queues = {
        each["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"]
        for each in found["RuleDeadLettersAlarm"]["Metrics"][1:]
    }
    assert queues == {f"{name}DeadLetterQueueName" for name in ("Receiver", "Answerer", "Schedule")}
    lost = found["LostDeliveriesAlarm"]
    assert (lost["MetricName"], lost["Threshold"]) == ("5XXError", 0), (
        "GitHub delivers no second time by itself"
    )


def test_the_alarms_of_the_rule_ask_for_what_its_functions_write() -> None:
    """Names and dimensions: an alarm on a metric that nobody writes is green for good."""
    written = {}
    for path in ("functions/gate/answerer.py", "functions/gate/receiver.py"):
        service = path.split("/")[-1].removesuffix(".py")
        for name, given in re.findall(r'measure\("(\w+)"([^)]*)', (ROOT / path).read_text(encoding="utf-8")):
            written[name] = (service, sorted([*re.findall(r"(\w+)=", given), "service"]))
    asked = {}
    for alarm in alarms("gate-monitoring").values():
        query = str(alarm.get("Metrics", [{}])[0].get("Expression", ""))
        if named := re.match(r'SELECT SUM\((\w+)\) FROM SCHEMA\("Lockstep/Control", ([^)]*)\)', query):
            asked[named[1]] = sorted(named[2].split(", "))
        elif alarm.get("Namespace") == "Lockstep/Control":
            assert alarm["Dimensions"] == [{"Name": "service", "Value": written[alarm["MetricName"]][0]}]
            asked[alarm["MetricName"]] = ["service"]
    assert asked == {name: dimensions for name, (_, dimensions) in written.items()}

"""What ministack 1.5.33 lacks for the templates of this repository: one file a gap, one line a file."""

from __future__ import annotations

from sandbox.extension import (
    alarms,
    api_owners,
    autoscaling,
    change_sets,
    conditions,
    decisions,
    describe_stacks,
    drift_readers,
    dynamodb_access,
    dynamodb_tables,
    ec2_addresses,
    ec2_networks,
    ec2_security_group_rules,
    event_access,
    event_archives,
    event_bus_policies,
    event_buses,
    event_targets,
    existing_resources,
    iam_roles,
    lambda_functions,
    lambda_mappings,
    lambda_wheels,
    lambda_workers,
    mapping_access,
    nested_references,
    object_access,
    oidc_providers,
    parameter_access,
    parameter_constraints,
    principal_arn,
    property_types,
    rest_apis,
    s3_buckets,
    s3_replication,
    schedules,
    sns_redrives,
    sns_topics,
    stack_access,
    stack_events,
    stack_set_resource,
    stack_sets,
    stream_mappings,
    stream_records,
    template_parsing,
    template_urls,
)
from sandbox.extension.claims import Extension

EXTENSIONS: tuple[Extension, ...] = (
    alarms.EXTENSION,
    api_owners.EXTENSION,
    autoscaling.EXTENSION,
    change_sets.EXTENSION,
    conditions.EXTENSION,
    decisions.EXTENSION,
    describe_stacks.EXTENSION,
    drift_readers.EXTENSION,
    dynamodb_access.EXTENSION,
    dynamodb_tables.EXTENSION,
    ec2_addresses.EXTENSION,
    ec2_networks.EXTENSION,
    ec2_security_group_rules.EXTENSION,
    event_access.EXTENSION,
    event_archives.EXTENSION,
    event_bus_policies.EXTENSION,
    event_buses.EXTENSION,
    event_targets.EXTENSION,
    existing_resources.EXTENSION,
    iam_roles.EXTENSION,
    lambda_functions.EXTENSION,
    lambda_mappings.EXTENSION,
    lambda_wheels.EXTENSION,
    lambda_workers.EXTENSION,
    mapping_access.EXTENSION,
    nested_references.EXTENSION,
    object_access.EXTENSION,
    oidc_providers.EXTENSION,
    parameter_access.EXTENSION,
    parameter_constraints.EXTENSION,
    principal_arn.EXTENSION,
    property_types.EXTENSION,
    rest_apis.EXTENSION,
    s3_buckets.EXTENSION,
    s3_replication.EXTENSION,
    schedules.EXTENSION,
    sns_redrives.EXTENSION,
    sns_topics.EXTENSION,
    stack_access.EXTENSION,
    stack_events.EXTENSION,
    stack_set_resource.EXTENSION,
    stack_sets.EXTENSION,
    stream_mappings.EXTENSION,
    stream_records.EXTENSION,
    template_parsing.EXTENSION,
    template_urls.EXTENSION,
)


def install() -> None:
    """Check every name first, then fill every gap; call it once, in the process that serves.

    `ChangedError` when ministack is not the version that the extension was written for.
    """
    for extension in EXTENSIONS:
        for name in extension.names:
            name.check()
    for extension in EXTENSIONS:
        extension.install()

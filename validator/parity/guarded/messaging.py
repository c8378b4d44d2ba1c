"""Queues, topics, events, workflows, logs, alarms and traces."""

NEVER = {
    "AWS::CloudWatch::Alarm": """ActionsEnabled AlarmActions ComparisonOperator Dimensions InsufficientDataActions
        MetricName Namespace OKActions""",
    "AWS::CloudWatch::CompositeAlarm": """ActionsEnabled ActionsSuppressor AlarmActions AlarmRule
        InsufficientDataActions OKActions""",
    "AWS::Events::Archive": "EventPattern SourceArn",
    "AWS::Events::Connection": "AuthParameters",
    "AWS::Events::EventBus": "LogConfig Policy",
    "AWS::Events::EventBusPolicy": "*",
    "AWS::Events::Rule": "State",
    "AWS::Logs::AccountPolicy": "*",
    "AWS::Logs::Delivery": "*",
    "AWS::Logs::DeliveryDestination": "*",
    "AWS::Logs::DeliverySource": "*",
    "AWS::Logs::Destination": "*",
    "AWS::Logs::LogGroup": "BearerTokenAuthenticationEnabled DataProtectionPolicy LogGroupClass ResourcePolicyDocument",
    "AWS::Logs::MetricFilter": "*",
    "AWS::Logs::ResourcePolicy": "*",
    "AWS::Logs::SubscriptionFilter": "*",
    "AWS::Pipes::Pipe": "LogConfiguration SourceParameters/DynamoDBStreamParameters/DeadLetterConfig",
    "AWS::SNS::Subscription": "Protocol RedrivePolicy SubscriptionRoleArn",
    "AWS::SNS::Topic": """ArchivePolicy DataProtectionPolicy DeliveryStatusLogging SignatureVersion
        Subscription/Protocol""",
    "AWS::SNS::TopicInlinePolicy": "*",
    "AWS::SNS::TopicPolicy": "*",
    "AWS::SQS::Queue": "RedriveAllowPolicy RedrivePolicy/deadLetterTargetArn SqsManagedSseEnabled",
    "AWS::SQS::QueueInlinePolicy": "*",
    "AWS::SQS::QueuePolicy": "*",
    "AWS::StepFunctions::StateMachine": "StateMachineType",
    "AWS::XRay::Group": "FilterExpression InsightsConfiguration",
    "AWS::XRay::ResourcePolicy": "*",
    "AWS::XRay::SamplingRule": """SamplingRule/HTTPMethod SamplingRule/Host SamplingRule/ResourceARN
        SamplingRule/ServiceName SamplingRule/ServiceType SamplingRule/URLPath""",
}

VARIES = {
    "AWS::SNS::Topic": "ArchivePolicy/MessageRetentionPeriod DeliveryStatusLogging/SuccessFeedbackSampleRate",
}

PLAIN = """
    AWS::CloudWatch::Dashboard AWS::Scheduler::Schedule AWS::Scheduler::ScheduleGroup
"""

ALONE = """
    AWS::CloudWatch::Alarm AWS::CloudWatch::CompositeAlarm AWS::Events::Archive AWS::Events::EventBusPolicy
    AWS::Logs::AccountPolicy AWS::Logs::Delivery AWS::Logs::DeliveryDestination AWS::Logs::DeliverySource
    AWS::Logs::Destination AWS::Logs::LogGroup AWS::Logs::MetricFilter AWS::Logs::ResourcePolicy
    AWS::Logs::SubscriptionFilter AWS::SNS::Subscription AWS::SNS::TopicInlinePolicy AWS::SNS::TopicPolicy
    AWS::SQS::QueueInlinePolicy AWS::SQS::QueuePolicy AWS::XRay::Group AWS::XRay::ResourcePolicy AWS::XRay::SamplingRule
"""

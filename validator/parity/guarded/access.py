"""Identity, keys, secrets, certificates, and the services that watch an account."""

NEVER = {
    "AWS::AccessAnalyzer::*": "*",
    "AWS::CertificateManager::Certificate": """CertificateAuthorityArn CertificateExport
        CertificateTransparencyLoggingPreference KeyAlgorithm ValidationMethod""",
    "AWS::CloudTrail::EventDataStore": "*",
    "AWS::CloudTrail::ResourcePolicy": "*",
    "AWS::CloudTrail::Trail": "*",
    "AWS::Config::ConfigRule": "*",
    "AWS::Config::ConfigurationRecorder": "*",
    "AWS::Config::ConformancePack": "*",
    "AWS::Config::DeliveryChannel": "*",
    "AWS::Config::RemediationConfiguration": "*",
    "AWS::GuardDuty::*": "*",
    "AWS::IAM::*": "*",
    "AWS::KMS::Alias": "TargetKeyId",
    "AWS::KMS::Key": """BypassPolicyLockoutSafetyCheck EnableKeyRotation Enabled KeySpec KeyUsage MultiRegion Origin
        RotationPeriodInDays""",
    "AWS::KMS::ReplicaKey": "Enabled PrimaryKeyArn",
    "AWS::SSM::Document": "Content",
    "AWS::SSM::Parameter": "Type",
    "AWS::SSM::ResourcePolicy": "*",
    "AWS::SecretsManager::ResourcePolicy": "*",
    "AWS::SecretsManager::RotationSchedule": "HostedRotationLambda RotationLambdaARN",
    "AWS::SecretsManager::Secret": "GenerateSecretString SecretString",
    "AWS::SecretsManager::SecretTargetAttachment": "*",
    "AWS::SecurityHub::Hub": "*",
    "AWS::SecurityHub::Standard": "*",
    "AWS::WAFv2::IPSet": "*",
    "AWS::WAFv2::LoggingConfiguration": "*",
    "AWS::WAFv2::RegexPatternSet": "*",
    "AWS::WAFv2::RuleGroup": "*",
    "AWS::WAFv2::WebACL": "*",
    "AWS::WAFv2::WebACLAssociation": "*",
}

VARIES = {
    "AWS::CloudTrail::EventDataStore": "BillingMode RetentionPeriod TerminationProtectionEnabled",
    "AWS::Config::ConfigRule": "MaximumExecutionFrequency",
    "AWS::Config::DeliveryChannel": "ConfigSnapshotDeliveryProperties/DeliveryFrequency",
    "AWS::GuardDuty::Detector": "FindingPublishingFrequency",
    "AWS::WAFv2::RuleGroup": "Capacity Rules/Statement/RateBasedStatement/Limit",
    "AWS::WAFv2::WebACL": "Rules/Statement/RateBasedStatement/Limit",
}

PLAIN = ""

ALONE = """
    AWS::AccessAnalyzer::* AWS::CloudTrail::EventDataStore AWS::CloudTrail::ResourcePolicy AWS::CloudTrail::Trail
    AWS::Config::ConfigRule AWS::Config::ConfigurationRecorder AWS::Config::ConformancePack AWS::Config::DeliveryChannel
    AWS::Config::RemediationConfiguration AWS::GuardDuty::* AWS::IAM::* AWS::KMS::Key AWS::SSM::ResourcePolicy
    AWS::SecretsManager::ResourcePolicy AWS::SecretsManager::RotationSchedule AWS::SecurityHub::Hub
    AWS::SecurityHub::Standard AWS::WAFv2::*
"""

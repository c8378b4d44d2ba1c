"""What holds data: buckets, tables, databases, caches, file systems, streams, backups."""

_PARAMETERS = " ".join(
    f"Parameters/{name}"
    for name in (
        "log_connections",
        "log_disconnections",
        "log_statement",
        "password_encryption",
        "pgaudit.log",
        "pgaudit.role",
        "rds.accepted_password_auth_method",
        "rds.force_admin_logging_level",
        "rds.force_ssl",
        "rds.restrict_password_commands",
        "require_secure_transport",
        "shared_preload_libraries",
        "ssl_ciphers",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version",
        "tls_version",
    )
)
"""Names of the Aurora PostgreSQL and MySQL parameter references that decide on TLS, passwords and the audit log."""

NEVER = {
    "AWS::Backup::BackupPlan": "*",
    "AWS::Backup::BackupSelection": "*",
    "AWS::Backup::BackupVault": "LockConfiguration Notifications",
    "AWS::DynamoDB::GlobalTable": """MultiRegionConsistency Replicas/PointInTimeRecoverySpecification
        Replicas/ReplicaStreamSpecification SSESpecification StreamSpecification""",
    "AWS::DynamoDB::Table": "PointInTimeRecoverySpecification SSESpecification StreamSpecification",
    "AWS::EFS::FileSystem": "AvailabilityZoneName BackupPolicy FileSystemPolicy FileSystemProtection",
    "AWS::ElastiCache::ReplicationGroup": """AtRestEncryptionEnabled AuthToken AutoMinorVersionUpgrade
        CacheSecurityGroupNames Engine EngineVersion LogDeliveryConfigurations PreferredCacheClusterAZs
        TransitEncryptionEnabled TransitEncryptionMode UserGroupIds""",
    "AWS::ElastiCache::ServerlessCache": "Engine MajorEngineVersion UserGroupId",
    "AWS::ElastiCache::SubnetGroup": "SubnetIds",
    "AWS::ElastiCache::User": "*",
    "AWS::ElastiCache::UserGroup": "*",
    "AWS::Kinesis::Stream": "StreamEncryption",
    "AWS::KinesisFirehose::DeliveryStream": """DeliveryStreamEncryptionConfigurationInput
        ExtendedS3DestinationConfiguration/CloudWatchLoggingOptions""",
    "AWS::RDS::DBCluster": """AssociatedRoles AutoMinorVersionUpgrade AvailabilityZones CopyTagsToSnapshot
        DBClusterParameterGroupName DBSubnetGroupName Domain DomainIAMRoleName EnableCloudwatchLogsExports
        EnableHttpEndpoint EnableIAMDatabaseAuthentication Engine EngineLifecycleSupport EngineMode EngineVersion
        ManageMasterUserPassword MasterUserAuthenticationType MonitoringRoleArn""",
    "AWS::RDS::DBClusterParameterGroup": f"Family {_PARAMETERS}",
    "AWS::RDS::DBInstance": """AssociatedRoles AutoMinorVersionUpgrade AutomaticBackupReplicationKmsKeyId
        AvailabilityZone CACertificateIdentifier CopyTagsToSnapshot DBParameterGroupName DBSecurityGroups
        DBSubnetGroupName Domain DomainAuthSecretArn DomainIAMRoleName EnableCloudwatchLogsExports
        EnableIAMDatabaseAuthentication Engine EngineLifecycleSupport EngineVersion ManageMasterUserPassword
        MasterUserAuthenticationType MonitoringRoleArn MultiAZ OptionGroupName
        TdeCredentialArn TdeCredentialPassword""",
    "AWS::RDS::DBParameterGroup": f"Family {_PARAMETERS}",
    "AWS::RDS::DBProxy": "Auth DebugLogging DefaultAuthScheme EngineFamily RequireTLS",
    "AWS::RDS::DBSubnetGroup": "SubnetIds",
    "AWS::RDS::GlobalCluster": "Engine EngineLifecycleSupport EngineVersion",
    "AWS::S3::AccessPoint": "Policy VpcConfiguration",
    "AWS::S3::Bucket": """AbacStatus AccessControl BucketEncryption CorsConfiguration ObjectLockConfiguration
        ObjectLockEnabled OwnershipControls ReplicationConfiguration/Role
        ReplicationConfiguration/Rules/DeleteMarkerReplication ReplicationConfiguration/Rules/Destination
        ReplicationConfiguration/Rules/SourceSelectionCriteria ReplicationConfiguration/Rules/Status
        VersioningConfiguration WebsiteConfiguration""",
    "AWS::S3::BucketPolicy": "*",
    "AWS::S3::MultiRegionAccessPointPolicy": "*",
}

VARIES = {
    "AWS::Backup::BackupPlan": """BackupPlan/BackupPlanRule/CompletionWindowMinutes BackupPlan/BackupPlanRule/Lifecycle
        BackupPlan/BackupPlanRule/ScheduleExpression BackupPlan/BackupPlanRule/StartWindowMinutes""",
    "AWS::Backup::BackupVault": "LockConfiguration/MaxRetentionDays LockConfiguration/MinRetentionDays",
    "AWS::S3::Bucket": "ObjectLockConfiguration/Rule/DefaultRetention/Days",
}

PLAIN = ""

ALONE = """
    AWS::Backup::BackupPlan AWS::Backup::BackupSelection AWS::Backup::BackupVault AWS::ElastiCache::User
    AWS::ElastiCache::UserGroup AWS::RDS::DBClusterParameterGroup AWS::RDS::DBParameterGroup AWS::S3::AccessPoint
    AWS::S3::BucketPolicy AWS::S3::MultiRegionAccessPointPolicy
"""

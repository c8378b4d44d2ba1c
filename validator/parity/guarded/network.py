"""Ways in and out: networks, load balancers, API gateways, names."""

_ACTIONS = (
    "AuthenticateCognitoConfig",
    "AuthenticateOidcConfig",
    "JwtValidationConfig",
    "RedirectConfig",
    "Type",
)
_METHODS = (
    "CacheDataEncrypted",
    "DataTraceEnabled",
    "HttpMethod",
    "LoggingLevel",
    "MetricsEnabled",
    "ResourcePath",
)
_STAGE = " ".join(f"MethodSettings/{name}" for name in _METHODS)
_DESCRIPTION = " ".join(f"StageDescription/MethodSettings/{name}" for name in _METHODS)

NEVER = {
    "AWS::ApiGateway::Account": "CloudWatchRoleArn",
    "AWS::ApiGateway::Authorizer": """AuthorizerCredentials AuthorizerUri IdentitySource
        IdentityValidationExpression ProviderARNs Type""",
    "AWS::ApiGateway::Deployment": f"""{_DESCRIPTION} StageDescription/CacheDataEncrypted
        StageDescription/ClientCertificateId StageDescription/DataTraceEnabled StageDescription/LoggingLevel""",
    "AWS::ApiGateway::DomainName": """CertificateArn EndpointAccessMode EndpointConfiguration
        OwnershipVerificationCertificateArn RegionalCertificateArn""",
    "AWS::ApiGateway::DomainNameV2": "CertificateArn EndpointAccessMode EndpointConfiguration Policy",
    "AWS::ApiGateway::GatewayResponse": "*",
    "AWS::ApiGateway::Method": """ApiKeyRequired AuthorizationScopes Integration/ConnectionId
        Integration/ConnectionType Integration/Credentials Integration/Type RequestValidatorId""",
    "AWS::ApiGateway::Model": "*",
    "AWS::ApiGateway::RequestValidator": "ValidateRequestBody ValidateRequestParameters",
    "AWS::ApiGateway::Resource": "*",
    "AWS::ApiGateway::RestApi": """ApiKeySourceType Body DisableExecuteApiEndpoint EndpointAccessMode
        EndpointConfiguration MinimumCompressionSize Policy""",
    "AWS::ApiGateway::Stage": f"{_STAGE} ClientCertificateId",
    "AWS::ApiGatewayV2::Api": "Body CorsConfiguration CredentialsArn DisableExecuteApiEndpoint ProtocolType",
    "AWS::ApiGatewayV2::Authorizer": """AuthorizerCredentialsArn AuthorizerType AuthorizerUri IdentitySource
        IdentityValidationExpression JwtConfiguration""",
    "AWS::ApiGatewayV2::DomainName": "DomainNameConfigurations",
    "AWS::ApiGatewayV2::Integration": "ConnectionId ConnectionType CredentialsArn TlsConfig",
    "AWS::ApiGatewayV2::Route": "ApiKeyRequired AuthorizationScopes",
    "AWS::ApiGatewayV2::Stage": """ClientCertificateId DefaultRouteSettings/DataTraceEnabled
        DefaultRouteSettings/DetailedMetricsEnabled DefaultRouteSettings/LoggingLevel""",
    "AWS::EC2::FlowLog": "*",
    "AWS::EC2::NetworkAclEntry": "*",
    "AWS::EC2::NetworkInterface": "GroupSet SourceDestCheck",
    "AWS::EC2::Route": """CarrierGatewayId CoreNetworkArn DestinationCidrBlock DestinationIpv6CidrBlock
        DestinationPrefixListId EgressOnlyInternetGatewayId GatewayId InstanceId LocalGatewayId NetworkInterfaceId
        TransitGatewayId VpcEndpointId VpcPeeringConnectionId""",
    "AWS::EC2::RouteTable": "VpcId",
    "AWS::EC2::SecurityGroup": "SecurityGroupEgress SecurityGroupIngress",
    "AWS::EC2::SecurityGroupEgress": "*",
    "AWS::EC2::SecurityGroupIngress": "*",
    "AWS::EC2::Subnet": """AssignIpv6AddressOnCreation AvailabilityZone AvailabilityZoneId EnableDns64
        Ipv6Native""",
    "AWS::EC2::SubnetNetworkAclAssociation": "*",
    "AWS::EC2::SubnetRouteTableAssociation": "*",
    "AWS::EC2::VPC": "EnableDnsHostnames EnableDnsSupport InstanceTenancy",
    "AWS::EC2::VPCBlockPublicAccessExclusion": "*",
    "AWS::EC2::VPCBlockPublicAccessOptions": "*",
    "AWS::EC2::VPCEndpoint": "PrivateDnsEnabled RouteTableIds ServiceName ServiceRegion SubnetIds VpcEndpointType",
    "AWS::EC2::VPCEndpointService": "AcceptanceRequired",
    "AWS::EC2::VPCEndpointServicePermissions": "*",
    "AWS::EC2::VPCGatewayAttachment": "*",
    "AWS::EC2::VPCPeeringConnection": "*",
    "AWS::ElasticLoadBalancingV2::Listener": " ".join(
        (
            *(f"DefaultActions/{name}" for name in _ACTIONS),
            "AlpnPolicy Certificates ListenerAttributes MutualAuthentication Port Protocol",
        )
    ),
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": "*",
    "AWS::ElasticLoadBalancingV2::ListenerRule": " ".join(f"Actions/{name}" for name in _ACTIONS),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": """EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic
        LoadBalancerAttributes Scheme SubnetMappings Subnets Type""",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "HealthCheckProtocol Protocol TargetType",
    "AWS::ElasticLoadBalancingV2::TrustStore": "*",
    "AWS::Route53::DNSSEC": "*",
    "AWS::Route53::HostedZone": "QueryLoggingConfig VPCs",
    "AWS::Route53::KeySigningKey": "*",
    "AWS::Route53::QueryLoggingConfig": "*",
    "AWS::Route53Resolver::ResolverQueryLoggingConfig": "DestinationArn",
    "AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation": "*",
}

VARIES = {"AWS::EC2::FlowLog": "MaxAggregationInterval"}

PLAIN = """
    AWS::ApiGateway::UsagePlan AWS::ApiGateway::UsagePlanKey AWS::EC2::EIP AWS::EC2::NatGateway AWS::EC2::VPCCidrBlock
"""

ALONE = """
    AWS::ApiGateway::Authorizer AWS::ApiGatewayV2::Authorizer AWS::EC2::FlowLog AWS::EC2::InternetGateway
    AWS::EC2::NetworkAcl AWS::EC2::NetworkAclEntry AWS::EC2::SecurityGroup AWS::EC2::SecurityGroupEgress
    AWS::EC2::SecurityGroupIngress AWS::EC2::SubnetNetworkAclAssociation AWS::EC2::SubnetRouteTableAssociation
    AWS::EC2::VPCBlockPublicAccessExclusion AWS::EC2::VPCBlockPublicAccessOptions AWS::EC2::VPCEndpoint
    AWS::EC2::VPCEndpointServicePermissions AWS::EC2::VPCGatewayAttachment AWS::EC2::VPCPeeringConnection
    AWS::ElasticLoadBalancingV2::Listener AWS::ElasticLoadBalancingV2::ListenerCertificate
    AWS::ElasticLoadBalancingV2::TrustStore AWS::Route53::DNSSEC AWS::Route53::KeySigningKey
    AWS::Route53::QueryLoggingConfig AWS::Route53Resolver::ResolverQueryLoggingConfig
    AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation
"""

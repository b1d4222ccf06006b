"""Typical sets of parameters; one test renders them, another deploys them."""

from __future__ import annotations

_ACCOUNT = "000000000000"

PARAMETER_SETS: dict[str, dict[str, str]] = {
    "plain": {},
    "mfa on": {"Mfa": "on", "PasswordMinimumLength": "16", "BrandName": "Corner Shop"},
    "mfa off": {"Mfa": "off", "Plan": "lite", "LoginPages": "classic", "LogLevel": "WARNING"},
    "sign-up off": {"SelfSignUp": "false", "AccessTokenMinutes": "60"},
    "ses": {
        "EmailFrom": "Foyer <no-reply@example.com>",
        "SesIdentityArn": f"arn:aws:ses:us-east-1:{_ACCOUNT}:identity/example.com",
    },
    "own prefix": {
        "DomainPrefix": "corner-shop",
        "LocalUrl": "http://localhost:3000",
        "SessionIdleSeconds": "1800",
        "SessionMaxSeconds": "28800",
    },
    "proxy": {"AppUrl": "https://www.example.com", "OriginVerify": "true", "LogLevel": "DEBUG"},
    "session table": {"Sessions": "table", "PassAccessToken": "true"},
    "limited entry": {"AllowedEmailDomains": "example.com,example.org", "AllowedGroups": "staff"},
    "existing pool": {"UserPoolId": "us-east-1_Abc123xyz", "DomainPrefix": "older-pool"},
    "own domains": {
        "AppDomainName": "www.example.com",
        "AppCertificateArn": f"arn:aws:acm:us-east-1:{_ACCOUNT}:certificate/app-1",
        "AuthDomainName": "auth.example.com",
        "AuthCertificateArn": f"arn:aws:acm:us-east-1:{_ACCOUNT}:certificate/auth-1",
    },
    "other providers": {
        "GoogleSecret": "foyer/google",
        "FacebookSecret": "foyer/facebook",
        "AmazonSecret": "foyer/amazon",
        "OidcSecret": "foyer/oidc",
    },
    "production": {
        "Plan": "plus",
        "RotationDays": "30",
        "RequestsPerSecond": "500",
        "MemorySize": "1024",
        "Architecture": "arm64",
        "SnapStart": "true",
        "LogRetentionDays": "365",
        "AlarmTopicArn": f"arn:aws:sns:us-east-1:{_ACCOUNT}:alarms",
        "LogKmsKeyArn": f"arn:aws:kms:us-east-1:{_ACCOUNT}:key/logs-1",
    },
}
PARAMETER_SETS["everything"] = {
    name: value
    for chosen in PARAMETER_SETS
    if chosen not in ("existing pool", "mfa off", "own prefix", "proxy")
    for name, value in PARAMETER_SETS[chosen].items()
} | {
    "AccessTokenResource": "https://notes.example",
    "AccessTokenScopes": "notes-api/read,notes-api/write",
    "AppHome": "/app",
    "BrandColor": "#AB12cd",
    "BrandLogoDark": "PHN2Zy8/",
    "BrandTagline": "Hello",
    "Passkeys": "true",
    "PostConfirmationArn": f"arn:aws:lambda:us-east-1:{_ACCOUNT}:function:notes-first",
    "SessionGroups": "staff",
    "BrandLogo": "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=",
    "LocalUrl": "http://localhost:3000",
    "WebAclArn": f"arn:aws:wafv2:us-east-1:{_ACCOUNT}:regional/webacl/guard/1",
}

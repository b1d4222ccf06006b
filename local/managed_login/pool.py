"""The user pool's requirements, from DescribeUserPool and DescribeUserPoolClient.

CloudFormation may have stored numbers and booleans as strings, so both forms are accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html
SYMBOLS = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= "
MAXIMUM_PASSWORD_LENGTH = 256


@dataclass(frozen=True)
class PasswordPolicy:
    minimum_length: int = 8
    uppercase: bool = True
    lowercase: bool = True
    numbers: bool = True
    symbols: bool = True

    @classmethod
    def read(cls, policy: Mapping[str, Any]) -> PasswordPolicy:
        return cls(
            minimum_length=int(policy.get("MinimumLength", 8)),
            uppercase=_flag(policy.get("RequireUppercase", True)),
            lowercase=_flag(policy.get("RequireLowercase", True)),
            numbers=_flag(policy.get("RequireNumbers", True)),
            symbols=_flag(policy.get("RequireSymbols", True)),
        )

    def rules(self) -> tuple[str, ...]:
        """The names of the policy's rules, to be shown in advance."""
        return tuple(self._checks(""))

    def broken(self, password: str) -> tuple[str, ...]:
        """The rules that ``password`` violates, and what Cognito refuses in every pool."""
        broken = [rule for rule, is_kept in self._checks(password).items() if not is_kept]
        if password != password.strip():
            broken.append("outer_space")
        if len(password) > MAXIMUM_PASSWORD_LENGTH:
            broken.append("too_long")
        return tuple(broken)

    def _checks(self, password: str) -> dict[str, bool]:
        """For each rule, whether ``password`` satisfies it."""
        checks = {"length": len(password) >= self.minimum_length}
        if self.uppercase:
            checks["uppercase"] = any(c.isupper() for c in password)
        if self.lowercase:
            checks["lowercase"] = any(c.islower() for c in password)
        if self.numbers:
            checks["number"] = any(c.isdigit() for c in password)
        if self.symbols:
            checks["symbol"] = any(c in SYMBOLS for c in password)
        return checks


@dataclass(frozen=True)
class Attribute:
    """One attribute in the pool's schema; the bounds are lengths or values, by type."""

    name: str
    type: str
    required: bool
    mutable: bool
    minimum: int | None
    maximum: int | None

    @classmethod
    def read(cls, schema: Mapping[str, Any]) -> Attribute:
        kind = schema.get("AttributeDataType", "String")
        bounds, low, high = (
            (schema.get("NumberAttributeConstraints") or {}, "MinValue", "MaxValue")
            if kind == "Number"
            else (schema.get("StringAttributeConstraints") or {}, "MinLength", "MaxLength")
        )
        return cls(
            name=schema["Name"],
            type=kind,
            required=_flag(schema.get("Required", False)),
            mutable=_flag(schema.get("Mutable", True)),
            minimum=int(bounds[low]) if low in bounds else None,
            maximum=int(bounds[high]) if high in bounds else None,
        )

    @property
    def is_custom(self) -> bool:
        return self.name.startswith("custom:")


@dataclass(frozen=True)
class Pool:
    policy: PasswordPolicy
    mfa: str  # OFF, OPTIONAL or ON
    allows_sign_up: bool
    allows_recovery: bool
    is_case_sensitive: bool
    is_email_the_username: bool
    is_email_an_alias: bool
    verifies_email: bool
    attributes: tuple[Attribute, ...]

    @classmethod
    def read(cls, pool: Mapping[str, Any]) -> Pool:
        recovery = (pool.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or []
        return cls(
            policy=PasswordPolicy.read((pool.get("Policies") or {}).get("PasswordPolicy") or {}),
            mfa=pool.get("MfaConfiguration", "OFF"),
            allows_sign_up=not _flag(
                (pool.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly", False)
            ),
            allows_recovery=[way["Name"] for way in recovery] != ["admin_only"],
            is_case_sensitive=_flag(
                (pool.get("UsernameConfiguration") or {}).get("CaseSensitive", True)
            ),
            is_email_the_username="email" in (pool.get("UsernameAttributes") or []),
            is_email_an_alias="email" in (pool.get("AliasAttributes") or []),
            verifies_email="email" in (pool.get("AutoVerifiedAttributes") or []),
            attributes=tuple(map(Attribute.read, pool.get("SchemaAttributes") or [])),
        )

    def fold(self, name: str) -> str:
        """The normalised form in which a user name or e-mail address is stored and looked up."""
        return name.strip() if self.is_case_sensitive else name.strip().lower()


@dataclass(frozen=True)
class Client:
    """An app client of the pool, as far as OAuth is concerned."""

    client_id: str
    secret: str = field(repr=False)  # empty for a public client
    flows: frozenset[str]
    scopes: tuple[str, ...]
    callback_urls: tuple[str, ...]
    logout_urls: tuple[str, ...]
    writable: frozenset[str] | None  # None: every mutable attribute
    allows_revocation: bool

    @classmethod
    def read(cls, client: Mapping[str, Any]) -> Client:
        writable = client.get("WriteAttributes")
        return cls(
            client_id=client["ClientId"],
            secret=client.get("ClientSecret") or "",
            flows=frozenset(client.get("AllowedOAuthFlows") or []),
            scopes=tuple(client.get("AllowedOAuthScopes") or []),
            callback_urls=tuple(client.get("CallbackURLs") or []),
            logout_urls=tuple(client.get("LogoutURLs") or []),
            writable=frozenset(writable) if writable else None,
            allows_revocation=_flag(client.get("EnableTokenRevocation", True)),
        )


def _flag(value: object) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"

"""Who may use the API, and how much of it, as it is set in the environment."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from runtime.settings import Settings

MIN_SECRET_BYTES = 32
ORDERS_PER_SECOND = 500
READS_PER_SECOND = 1_000
SOCKETS_AT_ONCE = 200
EVERYBODY = "none: whoever reaches the API may place orders and see everybody's (ENGINE_AUTH=none)"
BEARERS = "jwt: a token says who it is and what they may do (ENGINE_AUTH=jwt)"
_ORIGIN = re.compile(r"https?://[^/\s,?#@]+")
_STORE = re.compile(r"(redis|rediss|valkey|valkeys)://\S+")


class AccessSettings(Settings):
    """Settings of whom the API lets in."""

    jwt_secret: SecretStr | None = Field(
        default=None,
        description="The secret that tokens are signed with (HS256), from 32 bytes on.",
    )
    jwt_jwks: str | None = Field(
        default=None,
        description="Or the public keys they are signed with (RS256, ES256, EdDSA): the path or "
        "the http(s) address of a JWKS.",
    )
    jwt_issuer: str | None = Field(default=None, description="The `iss` a token must have.")
    jwt_audience: str | None = Field(
        default=None, description="The `aud` a token must have; without it none may have one."
    )
    jwt_leeway_s: int = Field(
        default=10, ge=0, le=300, description="How far the clocks of issuer and API may differ."
    )
    auth: Literal["none", "jwt"] = Field(
        default="none", description="Who may use the API: none lets everybody in, jwt asks tokens."
    )
    rate_limit_orders: int | None = Field(
        default=None,
        ge=0,
        description="Orders a second of a user, else of an address; 0: no limit. Default: none "
        f"with ENGINE_AUTH=none, else {ORDERS_PER_SECOND}.",
    )
    rate_limit_reads: int | None = Field(
        default=None,
        ge=0,
        description="Reads a second, alike. Default: none with ENGINE_AUTH=none, else "
        f"{READS_PER_SECOND}.",
    )
    rate_limit_sockets: int | None = Field(
        default=None,
        ge=0,
        description="WebSockets at once, alike. Default: none with ENGINE_AUTH=none, else "
        f"{SOCKETS_AT_ONCE}.",
    )
    rate_limit_store: SecretStr | None = Field(
        default=None,
        description="A Redis or Valkey in which all API processes count together, such as "
        "redis://host:6379/0; else each counts for itself.",
    )
    cors_origins: str = Field(
        default="",
        description="Web pages that may use the API from a browser: https://a.example,… or *; "
        "without any, those of this machine, or with ENGINE_AUTH=jwt those that have a token.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks of proxies whose X-Forwarded-For is believed.",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _unset(cls, value: object, info: ValidationInfo) -> object:
        # A Compose file hands on what was not set as an empty text.
        return None if value == "" and info.field_name in _OPTIONAL else value

    @field_validator("jwt_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"it must have {MIN_SECRET_BYTES} bytes or more")
        return secret

    @field_validator("jwt_jwks")
    @classmethod
    def _readable(cls, place: str | None) -> str | None:
        from api.keys import BadKeys, is_address, read  # noqa: PLC0415  (cryptography is slow)

        if place is not None and not is_address(place):
            try:
                read(Path(place))
            except BadKeys as error:
                raise ValueError(str(error)) from error
        return place

    @field_validator("auth")
    @classmethod
    def _has_keys(cls, auth: str, info: ValidationInfo) -> str:
        given = [info.data.get("jwt_secret"), info.data.get("jwt_jwks")]
        if auth == "jwt" and given.count(None) != 1:
            raise ValueError("it needs one of ENGINE_JWT_SECRET and ENGINE_JWT_JWKS")
        return auth

    @field_validator("rate_limit_store")
    @classmethod
    def _known_store(cls, store: SecretStr | None) -> SecretStr | None:
        if store is not None and not _STORE.fullmatch(store.get_secret_value()):
            raise ValueError("it must be redis://host:port, rediss://, valkey:// or valkeys://")
        return store

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, text: str) -> str:
        for one in _listed(text):
            if one != "*" and not _ORIGIN.fullmatch(one):
                raise ValueError(f"{one} is no origin such as https://a.example")
        return text

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        for one in _listed(text):
            ip_network(one)
        return text

    @property
    def who_may(self) -> str:
        """Return who is let in, as a sentence for whoever starts the engine."""
        return EVERYBODY if self.auth == "none" else BEARERS

    @property
    def origins(self) -> list[str]:
        """Return the origins of the web pages that may use the API."""
        return _listed(self.cors_origins)

    @property
    def proxies(self) -> list[str]:
        """Return the proxies that are believed."""
        return _listed(self.trusted_proxies)

    @property
    def orders_per_second(self) -> int:
        """Return how many orders a second one may place; 0 is no limit."""
        return self._or_usual(self.rate_limit_orders, ORDERS_PER_SECOND)

    @property
    def reads_per_second(self) -> int:
        """Return how often a second one may read; 0 is no limit."""
        return self._or_usual(self.rate_limit_reads, READS_PER_SECOND)

    @property
    def sockets_at_once(self) -> int:
        """Return how many WebSockets one may have at once; 0 is no limit."""
        return self._or_usual(self.rate_limit_sockets, SOCKETS_AT_ONCE)

    def _or_usual(self, chosen: int | None, usual: int) -> int:
        # Without tokens all clients of a machine have one address: a limit would be the engine's.
        return chosen if chosen is not None else 0 if self.auth == "none" else usual


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


_OPTIONAL = frozenset(
    name for name, field in AccessSettings.model_fields.items() if field.default is None
)

"""What a field of a line may hold: what is read from a file is checked as what callers give is."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer

from memx_core import inputs
from memx_core.inputs.values import raw


def _utc(value: datetime) -> datetime:
    return inputs.moment(value, "time")


def _storable(value: str) -> str:
    if inputs.clean(value) != value:
        raise ValueError("holds NUL or a lone surrogate, which no database keeps")
    return value


def _told(value: str) -> str:
    if not value.strip():
        raise ValueError("is blank")
    return value


def _json(value: dict[str, Any]) -> dict[str, Any] | None:
    return raw(value)  # which may be larger than `inputs.metadata`: versions add to each other's


def _unpacked(value: object) -> object:
    """Bytes of float32, of their base64."""
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("is no base64") from None


def _packed(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _whole(value: bytes) -> bytes:
    if not value or len(value) % 4:
        raise ValueError("is no float32 vector")
    return value


Time: TypeAlias = Annotated[AwareDatetime, AfterValidator(_utc)]
Text: TypeAlias = Annotated[str, AfterValidator(_storable)]
Name: TypeAlias = Annotated[Text, Field(max_length=16_384), AfterValidator(_told)]
Id: TypeAlias = Annotated[Text, Field(max_length=36), AfterValidator(_told)]
Short: TypeAlias = Annotated[Text, Field(max_length=16, min_length=1)]
Digest: TypeAlias = Annotated[Text, Field(max_length=64, min_length=1)]
Number: TypeAlias = Annotated[int, Field(ge=1, le=2**31 - 1)]
Count: TypeAlias = Annotated[int, Field(ge=0, le=2**31 - 1)]
Json: TypeAlias = Annotated[dict[str, Any], AfterValidator(_json)]
Vector: TypeAlias = Annotated[
    bytes,
    BeforeValidator(_unpacked),
    AfterValidator(_whole),
    PlainSerializer(_packed, return_type=str, when_used="json"),
]

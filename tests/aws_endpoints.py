"""The regions and endpoints that botocore knows."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.endpoint_provider import EndpointProvider


@functools.cache
def _models() -> tuple[Any, Any]:
    loader = botocore.session.get_session().get_component("data_loader")
    return loader, loader.load_data("partitions")


def regions() -> Iterator[tuple[str, str]]:
    """Every region, with the suffix of its host names (CloudFormation's ``AWS::URLSuffix``)."""
    for partition in _models()[1]["partitions"]:
        for region in partition["regions"]:
            if not region.endswith("-global"):
                yield region, partition["outputs"]["dnsSuffix"]


@functools.cache
def _rules(service: str) -> EndpointProvider:
    loader, partitions = _models()
    return EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)


def botocores(service: str, region: str, *, is_fips: bool) -> str:
    """The origin that botocore calls."""
    found = _rules(service).resolve_endpoint(Region=region, UseFIPS=is_fips, UseDualStack=False)
    return str(found.url)

"""A rotation from the visitors' view: sign-in and sessions work before, during and after it.

The web function runs in several containers at once, and each keeps the secret for up to five
minutes: between any two steps some know the old values and some the new ones.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from aws_lambda_powertools import Logger
from foyer.app import App
from foyer_rotation.client_secrets import ClientSecrets
from foyer_rotation.rotation import Rotation
from foyer_rotation.token_endpoint import TokenEndpoint, one_request
from moto import mock_aws

from tests.flow.browser import Browser
from tests.flow.conftest import ORIGIN, Stack
from tests.rotating_secret import STEPS, RotatingSecret

MINUTE = 60.0


@dataclass
class Site:
    """The stack, its rotation function, and the containers that are warm."""

    stack: Stack
    secret: RotatingSecret
    rotation: Rotation
    containers: dict[str, App] = field(default_factory=dict)

    def warm(self, name: str) -> None:
        """A container that has read the secret as it is now."""
        self.containers[name] = self.stack.app()
        Browser(self.containers[name], ORIGIN).get("/login")

    def browser(self, container: str) -> Browser:
        return Browser(self.containers[container], ORIGIN)

    def sign_in(self, container: str, *, callback_at: str | None = None) -> Browser:
        """Sign in; API Gateway may send the callback to another container than the start."""
        browser = self.browser(container)
        callback = self.stack.callback(browser)
        browser.handler = self.containers[callback_at or container]
        answer = browser.get(callback)
        assert (answer.status, answer.location) == (303, "/"), answer.body
        assert browser.is_signed_in
        return browser

    def step(self, name: str, token: str) -> None:
        self.rotation.run(self.secret.event(name, token))
        self.secret.settle()

    def rotate(self, token: str | None = None) -> None:
        self.secret.rotate(self.rotation.run, token)

    def see(self, browser: Browser, container: str) -> bool:
        browser.handler = self.containers[container]
        return browser.is_signed_in


@pytest.fixture
def site(stack: Stack) -> Iterator[Site]:
    cognito = stack.cognito
    with mock_aws():
        stack.source = secret = RotatingSecret(stack.vault.fields)
        rotation = Rotation(
            secrets_manager=secret.boto3_client,
            client_secrets=ClientSecrets(cognito.api.connect(), cognito.api.user_pool_id),
            token_endpoint=TokenEndpoint(
                cognito.domain_url, cognito.redirect_uris[0], one_request, lambda _: None
            ),
            log=Logger(service=uuid.uuid4().hex, stream=stack.log_stream),
        )
        made = Site(stack, secret, rotation)
        made.warm("old")
        yield made


def test_sign_in_works_before_during_and_after_in_old_and_new_containers(site: Site) -> None:
    site.sign_in("old")
    token = site.secret.stage()
    for step in STEPS:
        site.step(step, token)
        site.warm(step)
        for start in site.containers:
            for callback_at in site.containers:
                site.sign_in(start, callback_at=callback_at)
        site.stack.clock.advance(MINUTE)


def test_a_container_from_just_before_the_rotation_knows_new_sessions(site: Site) -> None:
    site.stack.clock.advance(5)
    site.rotate()
    site.warm("new")
    late = site.sign_in("new")
    site.stack.clock.advance(5)
    assert site.see(late, "old")


@pytest.mark.parametrize("rotations", [1, 2])
def test_a_stale_container_can_still_sign_users_in(site: Site, rotations: int) -> None:
    """Cognito accepts the old one until the next rotation."""
    first = site.stack.cognito.client_secret
    site.stack.clock.advance(MINUTE)
    for _ in range(rotations):
        site.rotate()
    assert (first in site.stack.cognito.api.active.values()) == (rotations == 1)
    before = site.stack.cognito.calls("token")
    site.sign_in("old")
    assert site.stack.cognito.calls("token") == before + rotations, "accepted, or refused once"


def test_a_sign_in_begun_before_the_rotation_is_finished_after_it(site: Site) -> None:
    browser = site.browser("old")
    callback = site.stack.callback(browser)
    site.rotate()
    site.warm("new")
    browser.handler = site.containers["new"]
    assert browser.get(callback).status == 303
    assert browser.is_signed_in


def test_a_session_is_refreshed_with_the_new_client_secret(site: Site) -> None:
    browser = site.sign_in("old")
    for _ in range(2):  # the client secret of the sign-in is gone by then
        site.rotate()
        site.stack.clock.advance(50 * MINUTE)
        site.warm("new")
        assert site.see(browser, "new")
    assert site.stack.logged("refresh_postponed") == []
    sent = [arrived.form["grant_type"] for arrived in site.stack.cognito.requests["token"]]
    assert "refresh_token" in sent


@pytest.mark.parametrize("last_step", STEPS[:3])
def test_a_rotation_that_stops_half_way_breaks_nothing(site: Site, last_step: str) -> None:
    site.rotate()
    site.warm("old")
    early = site.sign_in("old")
    token = site.secret.stage()
    for step in STEPS[: STEPS.index(last_step) + 1]:
        site.step(step, token)
    site.warm("new")
    for container in site.containers:
        site.sign_in(container)
        assert site.see(early, container)

    site.rotate(token)  # tried again, from the first step on
    site.warm("newest")
    for container in site.containers:
        site.sign_in(container)
        assert site.see(early, container)

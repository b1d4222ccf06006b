"""A rotation from the visitors' view: sign-in and sessions work before, during and after it.

The web function runs in several containers at once, and each keeps the secret for up to five
minutes: between any two steps some know the old values and some the new ones.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import pytest
from aws_lambda_powertools import Logger
from foyer.app import App
from foyer_rotation.client_secrets import ClientSecrets
from foyer_rotation.rotation import Rotation
from foyer_rotation.token_endpoint import TokenEndpoint, one_request

from tests.fake_cognito_api import FakeCognitoApi
from tests.flow.browser import Browser
from tests.flow.conftest import ORIGIN, SECRET_ID, Stack
from tests.rotating_secret import STEPS, RotatingSecret

MINUTE = 60.0


@dataclass
class Site:
    """The stack, its rotation function, and the containers that are warm."""

    stack: Stack
    client: FakeCognitoApi
    secret: RotatingSecret
    rotation: Rotation
    containers: dict[str, App] = field(default_factory=dict)

    def warm(self, name: str) -> None:
        """A container that has read the secret as it is now."""
        self.containers[name] = self.stack.app()
        Browser(self.containers[name], ORIGIN).get("/login")

    def sign_in(self, container: str, *, callback_at: str | None = None) -> Browser:
        """Sign in; API Gateway may send the callback to another container than the start."""
        browser = Browser(self.containers[container], ORIGIN)
        location = browser.get("/login").location
        browser.handler = self.containers[callback_at or container]
        callback = browser.get(self.stack.cognito.visit(location))
        assert (callback.status, callback.location) == (303, "/"), callback.body
        assert is_signed_in(browser)
        return browser

    def step(self, name: str, token: str) -> None:
        self.rotation.run(self.secret.event(name, token))
        self.secret.settle()

    def rotate(self) -> None:
        self.secret.rotate(self.rotation.run)

    def see(self, browser: Browser, container: str) -> bool:
        browser.handler = self.containers[container]
        return is_signed_in(browser)


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/me").status == 200


@pytest.fixture
def site(stack: Stack) -> Site:
    cognito = stack.cognito
    secret = RotatingSecret(stack.secrets_manager, SECRET_ID)
    rotation = Rotation(
        secrets_manager=stack.secrets_manager,
        client_secrets=ClientSecrets(cognito.api.connect(), cognito.api.user_pool_id),
        token_endpoint=TokenEndpoint(
            cognito.domain_url, cognito.redirect_uris[0], one_request, lambda _: None
        ),
        log=Logger(service=uuid.uuid4().hex, stream=stack.log_stream),
    )
    return Site(stack, cognito.api, secret, rotation)


def test_sign_in_works_before_during_and_after_in_old_and_new_containers(site: Site) -> None:
    site.warm("old")
    site.sign_in("old")
    token = site.secret.stage()
    for step in STEPS:
        site.step(step, token)
        site.warm(step)
        for start in site.containers:
            for callback_at in site.containers:
                site.sign_in(start, callback_at=callback_at)
        site.stack.clock.advance(MINUTE)


def test_a_container_that_started_just_before_the_rotation_knows_the_new_sessions_too(
    site: Site,
) -> None:
    site.warm("old")
    site.stack.clock.advance(5)
    site.rotate()
    site.warm("new")
    late = site.sign_in("new")
    site.stack.clock.advance(5)

    assert site.see(late, "old")


def test_the_old_client_secret_serves_stale_containers_until_the_next_rotation(
    site: Site,
) -> None:
    site.warm("stale")
    site.rotate()
    calls_before = site.stack.cognito.calls("token")

    site.sign_in("stale")

    # One request: the old secret was accepted, so nothing had to be read again.
    assert site.stack.cognito.calls("token") == calls_before + 1


def test_a_container_two_rotations_behind_recovers_within_the_sign_in(site: Site) -> None:
    first = site.secret.value()["client_secret"]
    site.warm("stale")
    site.stack.clock.advance(MINUTE)
    site.rotate()
    site.rotate()
    assert first not in site.client.active.values()
    calls_before = site.stack.cognito.calls("token")

    site.sign_in("stale")

    # Refused with the dead secret, read again, accepted with the new one.
    assert site.stack.cognito.calls("token") == calls_before + 2


def test_a_sign_in_begun_before_the_rotation_is_finished_after_it(site: Site) -> None:
    site.warm("old")
    browser = Browser(site.containers["old"], ORIGIN)
    callback_url = site.stack.cognito.visit(browser.get("/login").location)
    site.rotate()
    site.warm("new")
    browser.handler = site.containers["new"]

    assert browser.get(callback_url).status == 303
    assert is_signed_in(browser)


def test_a_session_is_refreshed_with_the_new_client_secret(site: Site) -> None:
    site.warm("old")
    browser = site.sign_in("old")
    for _ in range(2):  # the client secret of the sign-in is dead by then
        site.rotate()
        site.stack.clock.advance(50 * MINUTE)
        site.warm("new")
        assert site.see(browser, "new")

    assert site.stack.logged("refresh_postponed") == []
    refreshes = [
        arrived
        for arrived in site.stack.cognito.requests["token"]
        if arrived.form["grant_type"] == "refresh_token"
    ]
    assert refreshes


@pytest.mark.parametrize("last_step", STEPS[:3])
def test_a_rotation_that_stops_half_way_leaves_sign_in_as_it_was(
    site: Site, last_step: str
) -> None:
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

    site.secret.rotate(site.rotation.run, token)  # tried again, from the first step on
    site.warm("newest")
    for container in site.containers:
        site.sign_in(container)
        assert site.see(early, container)

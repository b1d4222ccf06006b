"""Takes the samples: repeatedly measures every subject and route in one run."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.container import Container, Taken, lambda_environment
from bench.subjects import APP_HOST, Subject, check, events
from bench.upstreams import ISSUER, Upstreams

RUNTIME_OF_NODE = Path(__file__).parent / "node" / "runtime.mjs"
WARM_REQUESTS = 2
ROUNDS_PER_VISITOR = 5  # attempts and tokens expire
ROUNDS_PER_HANDLER_TIME = 7

Case = tuple[str, str]  # subject, route


@dataclass
class Samples:
    """One entry per container."""

    init: list[Taken] = field(default_factory=list)
    first: list[Taken] = field(default_factory=list)
    peak_memory: list[float] = field(default_factory=list)
    calls_in_init: dict[str, int] = field(default_factory=dict)
    calls_in_first: dict[str, int] = field(default_factory=dict)
    calls_in_warm: dict[str, int] = field(default_factory=dict)


class Bench:
    """Starts containers of any subject, with one set of upstreams."""

    def __init__(
        self,
        *,
        python: str,
        runtime: Path,
        upstreams: Upstreams,
        folder: Path,
        node: str | None = None,
    ) -> None:
        self._python = python
        self._node = node
        self._runtime = runtime
        self._upstreams = upstreams
        self._log = folder / "child.log"
        self._bundle = folder / "authorities.pem"
        self._bundle.write_bytes((runtime / "botocore" / "cacert.pem").read_bytes())

    def container(self, subject: Subject) -> Container:
        command = [self._python, "-m", "awslambdaric", subject.handler]
        if subject.runtime == "node":
            command = [str(self._node), str(RUNTIME_OF_NODE)]
        return Container(command, self.environment(subject), subject.package, self._log)

    def environment(self, subject: Subject) -> dict[str, str]:
        table = {
            "SESSION_TABLE": "bench", "AWS_ENDPOINT_URL_DYNAMODB": self._upstreams.table.url
        }  # fmt: skip
        return {
            **lambda_environment(subject.handler, subject.package, self._runtime),
            "APP_URL": f"https://{APP_HOST}",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self._upstreams.url,
            "COGNITO_DOMAIN_URL": self._upstreams.url,
            "COGNITO_ISSUER": ISSUER,
            "COGNITO_JWKS_URL": self._upstreams.jwks_url,
            "SECRET_ID": "foyer/bench",
            "NODE_EXTRA_CA_CERTS": str(self._upstreams.ca_file),
            "SSL_CERT_FILE": str(self._bundle),
            **(table if subject.in_table else {}),
        }

    def prepare(self, subject: Subject) -> dict[str, dict[str, Any]]:
        """The events of a visitor who is signed in with this subject."""
        with self.container(subject) as container:
            return events(container, subject.routes, self._upstreams, self._session_for(subject))

    def _session_for(self, subject: Subject) -> dict[str, str]:
        if not subject.signs_in_with:
            return {}
        with self.container(replace(subject, handler=subject.signs_in_with)) as container:
            made = events(container, ("callback", "welcome"), self._upstreams)["welcome"]
        return dict(pair.split("=", 1) for pair in made["cookies"])

    def sample(self, subject: Subject, route: str, event: Mapping[str, Any], into: Samples) -> None:
        """Start one container, send a first request and some warm ones."""
        calls = self._upstreams.calls
        calls.clear()
        with self.container(subject) as container:
            into.init.append(container.init)
            into.calls_in_init = _and_clear(calls)
            reply, taken = container.invoke(event)
            check(subject, route, reply)
            into.first.append(taken)
            into.calls_in_first = _and_clear(calls)
            for _ in range(WARM_REQUESTS):
                container.invoke(event)
            into.calls_in_warm = {name: -(-n // WARM_REQUESTS) for name, n in calls.items()}
            into.peak_memory.append(container.peak_memory())

    def handler_time(
        self, subject: Subject, made: Mapping[str, Any], answers: Mapping[str, bytes]
    ) -> dict[str, float]:
        """Milliseconds of processor time in the warm handler, by route."""
        environment = self.environment(subject)
        environment["PYTHONPATH"] += f"{os.pathsep}{Path(__file__).parent}"
        given = {
            "events": made,
            "answers": {name: body.decode() for name, body in answers.items()},
            "rows": self._upstreams.table.rows,
        }
        done = subprocess.run(
            [self._python, "-m", "handler_time", subject.handler.rpartition(".")[0]],
            env=environment, cwd=subject.package, input=json.dumps(given),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{subject.name}: {done.stderr[-2000:]}")
        found: dict[str, float] = json.loads(done.stdout)
        return found


def run(
    bench: Bench, upstreams: Upstreams, subjects: list[Subject], *, rounds: int
) -> Iterator[tuple[dict[Case, Samples], dict[Case, list[float]]]]:
    """After each round, yield all samples by subject and route, and the handlers' times in ms.

    Packages that differ only in bytecode share the handler's processor time; Node has none. The
    order changes in every round, after one round that is discarded, so that other load on the
    machine affects all subjects equally.
    """
    # A grant belongs to one subject, because it contains that subject's nonce.
    events_of: dict[str, dict[str, Any]] = {}
    nonce_of: dict[str, str] = {}
    taken: dict[Case, Samples] = defaultdict(Samples)
    handler: dict[Case, list[float]] = defaultdict(list)
    cases = [(subject, route) for subject in subjects for route in subject.routes]
    for number in range(rounds + 1):
        random.shuffle(cases)
        for subject in subjects if number % ROUNDS_PER_VISITOR == 0 else ():
            events_of[subject.name] = bench.prepare(subject)
            nonce_of[subject.name] = upstreams.nonce
        for subject, route in cases:
            upstreams.grant(nonce_of[subject.name])
            into = taken[subject.name, route] if number else Samples()
            bench.sample(subject, route, events_of[subject.name][route], into)
        for subject in _one_of_each_code(subjects) if number % ROUNDS_PER_HANDLER_TIME == 1 else ():
            answers = upstreams.grant(nonce_of[subject.name])
            times = bench.handler_time(subject, events_of[subject.name], answers)
            for route, milliseconds in times.items():
                handler[subject.code, route].append(milliseconds)
        if number:
            yield taken, handler


def _one_of_each_code(subjects: list[Subject]) -> list[Subject]:
    """One subject for each code, with bytecode if possible, because it starts faster."""
    in_python = [subject for subject in subjects if subject.runtime == "python"]
    in_python.sort(key=lambda subject: subject.bytecode)
    return list({subject.code: subject for subject in in_python}.values())


def _and_clear(calls: dict[str, int]) -> dict[str, int]:
    seen = dict(calls)
    calls.clear()
    return seen

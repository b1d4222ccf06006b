"""A copy of the project, built and deployed to a local AWS with the documented commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws import REGION, LocalAws
from local.sam import SAM
from tests.template.parameter_sets import WITHOUT_REFUSED

ROOT = Path(__file__).parents[2]

# The parameters of the first stack.
FIRST = WITHOUT_REFUSED | {"Architecture": "arm64", "BrandName": "Corner Shop"}


@dataclass(frozen=True)
class Project:
    """``folder`` holds what a build reads, and nothing of what an earlier one left behind."""

    folder: Path
    aws: LocalAws

    @classmethod
    def copied_to(cls, folder: Path, aws: LocalAws) -> Project:
        for name in ("template.yaml", "samconfig.toml"):
            shutil.copy(ROOT / name, folder)
        leave_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "functions", folder / "functions", ignore=leave_out)
        return cls(folder, aws)

    @property
    def built(self) -> Path:
        return self.folder / ".aws-sam/build"

    def copied(self, folder: Path) -> Project:
        """Another copy, build included."""
        return Project(Path(shutil.copytree(self.folder, folder)), self.aws)

    def sam(self, *arguments: str, answers: str = "") -> str:
        """What it prints; fails the test with that when it fails. ``answers`` is what is typed."""
        return self._run(SAM, *arguments, answers=answers)

    def make_deploy(self, *arguments: str, answers: str = "") -> str:
        """What `make deploy` calls, with what is typed after it."""
        return self._run(
            SAM.parent / "python", ROOT / "local/deploy.py", *arguments, answers=answers
        )

    def _run(self, *command: str | Path, answers: str) -> str:
        uv = shutil.which("uv") or ROOT / ".tools/bin/uv"
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            cwd=self.folder,
            env={
                **{name: value for name, value in os.environ.items() if "AWS" not in name},
                **self.aws.credentials(),
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ENDPOINT_URL": self.aws.endpoint,
                # The system's Python and uv, not the tests' environment.
                "PATH": f"{Path(uv).parent}:/usr/bin:/bin",
                # No download to wait for; tests/sam/test_package.py is about the bytecode.
                "UV_PYTHON_DOWNLOADS": "never",
                "SAM_CLI_TELEMETRY": "0",
                "SAM_CLI_POLL_DELAY": "0.2",
            },
            input=answers,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@dataclass(frozen=True)
class Stack:
    """A stack as CloudFormation and the services themselves describe it."""

    name: str
    aws: LocalAws

    @classmethod
    def create(
        cls, name: str, aws: LocalAws, template: str, parameters: Mapping[str, str]
    ) -> Stack:
        """From a template that `sam deploy` packaged before: the same, without its start-up."""
        stack = cls(name, aws)
        stack.client("cloudformation").create_stack(
            **_request(name, parameters), TemplateURL=stack._uploaded(template)
        )
        stack._wait("CREATE_COMPLETE")
        return stack

    def update(self, template: str, parameters: Mapping[str, str]) -> None:
        self.client("cloudformation").update_stack(
            **_request(self.name, parameters), TemplateURL=self._uploaded(template)
        )
        self._wait("UPDATE_COMPLETE")

    def delete(self) -> None:
        client = self.client("cloudformation")
        stack_id = client.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        client.delete_stack(StackName=self.name)
        self._wait("DELETE_COMPLETE", stack_id)

    def _uploaded(self, template: str) -> str:
        """Its URL, as `sam deploy` does it: a request itself takes 51,200 bytes."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key=self.name, Body=template.encode())
        return f"{self.aws.endpoint}/templates/{self.name}"

    def template(self) -> str:
        """The template that was uploaded, before any transform."""
        client = self.client("cloudformation")
        body = client.get_template(StackName=self.name, TemplateStage="Original")["TemplateBody"]
        assert isinstance(body, str)
        return body

    def client(self, service: str) -> Any:
        return self.aws.client(service)

    def ids(self) -> dict[str, str]:
        """Physical ids by logical id."""
        found = self.client("cloudformation").describe_stack_resources(StackName=self.name)
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in found["StackResources"]
        }

    def outputs(self) -> dict[str, str]:
        (found,) = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}

    def user_pool(self) -> dict[str, Any]:
        described = self.client("cognito-idp").describe_user_pool(
            UserPoolId=self.outputs()["UserPoolId"]
        )
        pool: dict[str, Any] = described["UserPool"]
        return pool

    def app_client(self) -> dict[str, Any]:
        outputs = self.outputs()
        described = self.client("cognito-idp").describe_user_pool_client(
            UserPoolId=outputs["UserPoolId"], ClientId=outputs["ClientId"]
        )
        client: dict[str, Any] = described["UserPoolClient"]
        return client

    def domain(self, name: str) -> dict[str, Any]:
        described = self.client("cognito-idp").describe_user_pool_domain(Domain=name)
        domain: dict[str, Any] = described["DomainDescription"]
        return domain

    def function(self, logical_id: str) -> dict[str, Any]:
        configuration: dict[str, Any] = self.client("lambda").get_function_configuration(
            FunctionName=self.ids()[logical_id]
        )
        return configuration

    def environment(self, logical_id: str) -> dict[str, str]:
        variables: dict[str, str] = self.function(logical_id)["Environment"]["Variables"]
        return variables

    def _wait(self, wanted: str, stack_id: str = "", seconds: float = 60) -> None:
        client = self.client("cloudformation")
        deadline = time.monotonic() + seconds
        while True:
            (found,) = client.describe_stacks(StackName=stack_id or self.name)["Stacks"]
            if not found["StackStatus"].endswith("_IN_PROGRESS"):
                break
            assert time.monotonic() < deadline, f"still {found['StackStatus']}"
            time.sleep(0.05)
        assert found["StackStatus"] == wanted, self._failures(found["StackId"])

    def _failures(self, stack_id: str) -> list[str]:
        events = self.client("cloudformation").describe_stack_events(StackName=stack_id)
        return [
            f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason')}"
            for each in events["StackEvents"]
            if each["ResourceStatus"].endswith("_FAILED")
        ]


def _request(name: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    return {
        "StackName": name,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    }

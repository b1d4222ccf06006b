"""A copy of the project, built and deployed to a local AWS with the documented commands."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local import sam
from local.aws import LocalAws
from local.template_file import read_template
from tests.documents import ROOT


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

    def package(self, function: str) -> Path:
        """What was built for it; functions with the same code share a folder."""
        built = self.folder / ".aws-sam/build"
        properties = read_template(built / "template.yaml")["Resources"][function]["Properties"]
        return built / str(properties["CodeUri"])

    def require_only(self, function: str, *packages: str) -> None:
        """Leave other packages out of the next build, which then takes less than half the time."""
        file = self.folder / "functions" / function / "requirements.txt"
        pinned = re.split(r"\n(?=\S)", file.read_text("utf-8"))
        file.write_text("\n".join(each for each in pinned if each.startswith(packages)), "utf-8")

    def make_deploy(self, parameters: Mapping[str, str]) -> str:
        """What `make deploy` calls, with "y" typed after it; returns what it prints."""
        given = [f"{name}={value}" for name, value in parameters.items()]
        return self.run(sam.SAM.parent / "python", ROOT / "local/deploy.py", *given, answers="y\n")

    def planned(self, *arguments: str) -> str:
        """The calls of the SAM CLI that `make deploy` would make, one on a line, or its refusal."""
        program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from local import deploy
deploy._sam = lambda *arguments: print(*arguments) or 0
try:
    deploy.main()
except SystemExit as error:
    print(error)
"""
        return self.run(sam.SAM.parent / "python", "-c", program, *arguments, answers="")

    def run(self, *command: str | Path, answers: str) -> str:
        """What it prints; fails the test with that when it fails. ``answers`` is what is typed."""
        uv = shutil.which("uv") or ROOT / ".tools/bin/uv"
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            cwd=self.folder,
            env={
                **sam.shell(self.aws),
                "AWS_ENDPOINT_URL": self.aws.endpoint,
                # The system's Python and uv, not the tests' environment.
                "PATH": f"{Path(uv).parent}:/usr/bin:/bin",
                # No download to wait for; tests/sam/test_package.py is about the bytecode.
                "UV_PYTHON_DOWNLOADS": "never",
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
        stack._request("create_stack", template, parameters)
        stack._wait("CREATE_COMPLETE")
        return stack

    def update(self, template: str, parameters: Mapping[str, str]) -> None:
        self._request("update_stack", template, parameters)
        self._wait("UPDATE_COMPLETE")

    def delete(self) -> None:
        client = self.client("cloudformation")
        stack_id = client.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        client.delete_stack(StackName=self.name)
        self._wait("DELETE_COMPLETE", stack_id)

    def _request(self, operation: str, template: str, parameters: Mapping[str, str]) -> None:
        s3 = self.client("s3")  # a request itself takes 51,200 bytes
        s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key=self.name, Body=template.encode())
        getattr(self.client("cloudformation"), operation)(
            StackName=self.name,
            TemplateURL=f"{self.aws.endpoint}/templates/{self.name}",
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )

    def _wait(self, wanted: str, stack_id: str = "", seconds: float = 60) -> None:
        client = self.client("cloudformation")
        deadline = time.monotonic() + seconds
        while True:
            (found,) = client.describe_stacks(StackName=stack_id or self.name)["Stacks"]
            if not found["StackStatus"].endswith("_IN_PROGRESS"):
                break
            assert time.monotonic() < deadline, f"still {found['StackStatus']}"
            time.sleep(0.05)
        events = client.describe_stack_events(StackName=found["StackId"])["StackEvents"]
        assert found["StackStatus"] == wanted, [
            f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason')}"
            for each in events
            if each["ResourceStatus"].endswith("_FAILED")
        ]

    @functools.cache  # noqa: B019 - a few stacks, and making a client takes long
    def client(self, service: str) -> Any:
        return self.aws.client(service)

    def template(self, stage: str) -> dict[str, Any]:
        """As it was uploaded (Original), or after SAM's transform (Processed)."""
        client = self.client("cloudformation")
        found = client.get_template(StackName=self.name, TemplateStage=stage)["TemplateBody"]
        return dict(yaml_parse(found) if isinstance(found, str) else found)

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
        client, pool = self.client("cognito-idp"), self.outputs()["UserPoolId"]
        return dict(client.describe_user_pool(UserPoolId=pool)["UserPool"])

    def app_client(self) -> dict[str, Any]:
        client, outputs = self.client("cognito-idp"), self.outputs()
        ids = {name: outputs[name] for name in ("UserPoolId", "ClientId")}
        return dict(client.describe_user_pool_client(**ids)["UserPoolClient"])

    def pool_of_domain(self, name: str) -> str:
        described = self.client("cognito-idp").describe_user_pool_domain(Domain=name)
        return str(described["DomainDescription"]["UserPoolId"])

    def function(self, logical_id: str, **version: str) -> Any:
        name = self.ids()[logical_id]
        return self.client("lambda").get_function_configuration(FunctionName=name, **version)

    def environment(self, logical_id: str, **version: str) -> dict[str, str]:
        return dict(self.function(logical_id, **version)["Environment"]["Variables"])

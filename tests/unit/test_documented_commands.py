"""Commands, options and paths in the documents exist.

The AWS CLI is judged by botocore's models, from which it is generated, the SAM CLI by its own.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache

import botocore.session
import pytest
from botocore import xform_name

from tests.documents import ROOT, blocks, project_files, read

DOCUMENTS = sorted(
    str(file.relative_to(ROOT))
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "examples/*/*.md")
    for file in ROOT.glob(pattern)
)
AWS_GLOBAL_OPTIONS = {"--output", "--query", "--region", "--profile"}
AWS_CUSTOM = {("configure", "get"), ("logs", "tail")}  # written by hand, in no model
MADE_BY_THE_READER = {
    "functions/web/foyer/pages/orders.html",
    "tests/test_notes.py",
    "tests/users.json",
}


def uses_of(tool: str) -> list[str]:
    """What follows the tool's name, at the start of a line, of a pipeline or of code."""
    found = [
        use
        for document in DOCUMENTS
        for use in re.findall(
            rf"(?:^|`|\| *|&& *|\$\(){tool} ([^\n`|)]+)", read(document).replace("\\\n", " "), re.M
        )
        if "…" not in use
    ]
    assert found, f"no document shows how to use {tool}"
    return found


def options(use: str) -> set[str]:
    return set(re.findall(r"(?<=[\s\"'=])--?[a-zA-Z][\w-]*", f" {use}"))


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - from our own documents
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


@cache
def ours() -> set[str]:
    """Every file that git tracks or would, by path and by name, and every folder with one."""
    files = project_files()
    return {str(each) for file in files for each in (file, *file.parents)} | {f.name for f in files}


def test_the_shell_can_read_every_block() -> None:
    for script in (script for document in DOCUMENTS for script in blocks(document, "sh")):
        run("bash", "-n", "-c", script)


def test_make_and_our_own_modules_know_what_they_are_given() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.M))
    sources = (file for file in ours() if re.match(r"(local|tests|bench)/.*\.py$", file))
    known = set(re.findall(r'add_argument\(\s*"(--?[\w-]+)"', "".join(map(read, sources))))
    known |= {"--durations", "-m", "-k", "-x", "-q", "-n"}  # pytest's
    for use in uses_of("make"):
        assert next(word for word in use.split() if "=" not in word) in targets, use
        assert options(use) <= known, use
    for use in uses_of("python") + uses_of(r"\.venv/bin/python"):
        assert options(use) <= known, use
        for module in re.findall(r"-m (\S+)", use):
            path = module.replace(".", "/")
            assert {f"{path}.py", f"{path}/__main__.py"} & ours() or path == "pytest", use


# The options of each subcommand, from click's objects in the SAM CLI's environment: `--help` is
# as true, but takes a second each.
SAM_OPTIONS = """
import json, sys
from importlib import import_module
from importlib.util import find_spec

def options(words):
    package = ".".join(["samcli", "commands", *words]).replace("-", "_")
    modules = [f"{package}.{name}" for name in ("command", "cli", words[-1])]
    command = import_module(next(filter(find_spec, modules))).cli
    return [name for each in command.params for name in (*each.opts, *each.secondary_opts)]

print(json.dumps([options(words) for words in json.loads(sys.argv[1])]))
"""


@pytest.mark.sam
def test_the_sam_cli_knows_every_subcommand_and_option() -> None:
    uses = uses_of("sam")
    subcommands = [use.split()[: 2 if use.startswith("local") else 1] for use in uses]
    python = str(ROOT / ".venv-sam/bin/python")
    known = json.loads(run(python, "-c", SAM_OPTIONS, json.dumps(subcommands)))
    for use, there in zip(uses, known, strict=True):
        assert options(use) <= set(there), use


def test_the_aws_cli_knows_every_operation_and_option() -> None:
    session = botocore.session.get_session()
    for use in uses_of("aws"):
        service, operation = use.split()[:2]
        if (service, operation) in AWS_CUSTOM:
            continue
        model = session.get_service_model(service)
        operations = {xform_name(name, "-"): name for name in model.operation_names}
        shape = model.operation_model(operations[operation]).input_shape
        there = {f"--{xform_name(name, '-')}" for name in (shape.members if shape else ())}
        assert options(use) <= there | AWS_GLOBAL_OPTIONS, use


def test_paths_exist() -> None:
    """Every word that looks like one of our paths, except in examples of code."""
    folders = "|".join({re.escape(name.partition("/")[0]) for name in ours() if "/" in name})
    form = rf"({folders})/[\w./-]*\w/?|[\w-]+\.(py|md|toml|yaml|lock)"
    for document in DOCUMENTS:
        text = re.sub(r"^```(?!sh).*?^```$", "", read(document), flags=re.DOTALL | re.M)
        for word in re.split(r"[\s`'\"()|,;:]+|file://", text):
            if re.fullmatch(form, word):
                assert word.rstrip("/") in ours() | MADE_BY_THE_READER, (document, word)

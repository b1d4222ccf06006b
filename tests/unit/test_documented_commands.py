"""Commands, options and paths in the documents exist.

The AWS CLI is judged by botocore's models, from which it is generated, the SAM CLI by its own.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from tests.documents import ROOT, in_code, read

DOCUMENTS = sorted(
    str(file.relative_to(ROOT))
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "examples/**/*.md")
    for file in ROOT.glob(pattern)
)
AWS_GLOBAL_OPTIONS = {"--output", "--query", "--region", "--profile"}
AWS_CUSTOM = {("configure", "get"), ("logs", "tail")}  # written by hand, in no model
MADE_BY_THE_READER = {"functions/web/foyer/pages/orders.html"}


def shell_blocks(document: str) -> list[str]:
    return re.findall(r"^```(?:sh|bash|console)\n(.*?)^```$", read(document), re.DOTALL | re.M)


@cache
def commands(document: str) -> list[list[str]]:
    """The words of each line of a shell block; here-documents and comments apart."""
    script = "".join(shell_blocks(document)).replace("\\\n", " ")
    script = re.sub(r"(<<-?'?(\w+)'?.*?\n).*?^\2$", r"\1", script, flags=re.DOTALL | re.M)
    lines = re.split(r"\n|\||&&|\$\(", re.sub(r"(?:^|(?<=\s))#\s.*$", "", script, flags=re.M))
    return [words(line) for line in lines if line.strip()]


def words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # part of a quotation that was taken apart: no command of ours
        return line.split()


def uses_of(tool: str) -> list[list[str]]:
    """What follows the tool's name, in blocks and in sentences."""
    found = [
        each[1:] for document in DOCUMENTS for each in commands(document) if each[:1] == [tool]
    ]
    for document in DOCUMENTS:
        prose = re.sub(r"^```.*?^```$", "", read(document), flags=re.DOTALL | re.M)
        said = [code for code in in_code(prose) if code.startswith(f"{tool} ") and "…" not in code]
        found += [shlex.split(code)[1:] for code in said]
    assert found, f"no document shows how to use {tool}"
    return found


def options(given: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in given if re.match(r"--?[a-zA-Z]", word)}


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - from our own documents
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


@cache
def ours() -> set[str]:
    """Every file that git tracks or would, by path and by name, and every folder with one."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    files = [Path(name) for name in listed.split("\0") if name]
    return {str(each) for file in files for each in (file, *file.parents)} | {f.name for f in files}


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if shell_blocks(each)])
def test_the_shell_can_read_every_block(document: str) -> None:
    for script in shell_blocks(document):
        run("bash", "-n", "-c", script)


def test_make_and_our_own_modules_know_what_they_are_given() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.M))
    sources = (ROOT / file for file in ours() if re.match(r"(local|tests|bench)/.*\.py$", file))
    text = "".join(file.read_text("utf-8") for file in sources)
    known = set(re.findall(r'add_argument\(\s*"(--?[\w-]+)"', text))
    known |= {"--durations", "-m", "-k", "-x", "-q", "-n"}  # pytest's
    for given in uses_of("make"):
        assert next(word for word in given if "=" not in word) in targets
        for arguments in (word[5:] for word in given if word.startswith("ARGS=")):
            assert options(words(arguments)) <= known, given
    for python in ("python", ".venv/bin/python"):
        for given in uses_of(python):
            assert options(given) <= known, given
            if (
                "-m" in given
                and (path := given[given.index("-m") + 1].replace(".", "/")) != "pytest"
            ):
                assert {f"{path}.py", f"{path}/__main__.py"} & ours(), given


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
    given = [(each[: 2 if each[0] == "local" else 1], options(each)) for each in uses_of("sam")]
    python = str(ROOT / ".venv-sam/bin/python")
    known = json.loads(run(python, "-c", SAM_OPTIONS, json.dumps([each for each, _ in given])))
    for (subcommand, used), there in zip(given, known, strict=True):
        assert used <= set(there), subcommand


def test_the_aws_cli_knows_every_operation_and_option() -> None:
    session = botocore.session.get_session()
    for service, operation, *rest in uses_of("aws"):
        if (service, operation) in AWS_CUSTOM:
            continue
        model = session.get_service_model(service)
        operations = {xform_name(name, "-"): name for name in model.operation_names}
        shape = model.operation_model(operations[operation]).input_shape
        there = {f"--{xform_name(name, '-')}" for name in (shape.members if shape else ())}
        assert options(rest) <= there | AWS_GLOBAL_OPTIONS, (service, operation)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_exist(document: str) -> None:
    """What may be a path: code in sentences, and the words of commands."""
    folders = "|".join({re.escape(name.partition("/")[0]) for name in ours() if "/" in name})
    form = rf"({folders})/[\w./-]*|[\w-]+\.(py|md|toml|yaml|lock)"
    for word in in_code(read(document)) + [word for each in commands(document) for word in each]:
        path = word.removeprefix("file://")
        if re.fullmatch(form, path):
            assert path.rstrip("/") in ours() | MADE_BY_THE_READER, path

"""Commands, options and paths in the documents exist; what is cheap and harmless is run.

`make -n` expands a documented command to what it would run, whose modules then say whether they
know its options. The AWS CLI is judged by botocore's models, which it is generated from.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
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
Words = tuple[str, ...]

# Checked below, or so common that there is nothing to check.
CHECKED = {"make", "sam", "aws", ".venv/bin/python"}
COMMON = {"git", "python3", "base64", "tr"}
AWS_GLOBAL_OPTIONS = {"--output", "--query", "--region", "--profile"}
AWS_CUSTOM = {("configure", "get"), ("logs", "tail")}  # written by hand, in no model
MADE_BY_THE_READER = {"functions/web/foyer/pages/orders.html"}


def shell_blocks(document: str) -> list[str]:
    return re.findall(r"^```(?:sh|bash|console)\n(.*?)^```$", read(document), re.DOTALL | re.M)


def commands_in(script: str) -> list[Words]:
    """The simple commands of a shell script, without comments and here-documents' bodies."""
    script = re.sub(r"(<<-?'?(\w+)'?.*?\n).*?^\2$", r"\1", script, flags=re.DOTALL | re.M)
    script = re.sub(r"(?:^|(?<=\s))#\s.*$", "", script, flags=re.M).replace("\\\n", " ")
    lexer = shlex.shlex(script, posix=True, punctuation_chars="();|&\n")
    lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t", "", True
    commands: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set("();|&\n"):
            commands.append([])
        else:
            commands[-1].append(word)
    return [tuple(command) for command in commands if command]


@cache
def documented() -> frozenset[Words]:
    """Every command in a shell block or, where it begins with a tool of ours, in a sentence."""
    blocks = [script for document in DOCUMENTS for script in shell_blocks(document)]
    said = [
        code
        for document in DOCUMENTS
        for code in in_code(re.sub(r"^```.*?^```$", "", read(document), flags=re.DOTALL | re.M))
        if re.match(r"(make|sam|python -m) ", code) and "…" not in code
    ]
    return frozenset(command for script in blocks + said for command in commands_in(script))


def uses_of(tool: str) -> list[Words]:
    found = sorted(command[1:] for command in documented() if command[0] == tool)
    assert found, f"no document shows how to use {tool}"
    return found


def options(words: Words) -> set[str]:
    return {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - from our own documents
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


@cache
def targets() -> set[str]:
    return set(re.findall(r"^  ([a-z-]+) ", run("make", "help"), re.M))


@cache
def ours() -> set[str]:
    """Every file that git tracks or would, by path and by name, and every folder with one."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    files = [Path(name) for name in listed.split("\0") if name]
    return {str(each) for file in files for each in (file, *file.parents)} | {f.name for f in files}


def test_the_documents_show_commands_that_are_checked_here() -> None:
    assert {command[0] for command in documented()} <= CHECKED | COMMON | {"python"}


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if shell_blocks(each)])
def test_the_shell_can_read_every_block(document: str) -> None:
    for script in shell_blocks(document):
        run("bash", "-n", "-c", script)


@pytest.mark.parametrize("words", uses_of("make"), ids=" ".join)
def test_make_knows_the_target(words: Words) -> None:
    (target,) = [word for word in words if "=" not in word]
    assert target in targets()


def given_to_our_modules() -> dict[str, Words]:
    """What each `python -m`, of the documents or of make for them, would get, all uses together."""
    given: dict[str, Words] = {}
    scripts = [
        shlex.join((python, *words))
        for python in ("python", ".venv/bin/python")
        for words in uses_of(python)
    ]
    # `make check` holds a $(MAKE), so make runs that line whatever -n says; it gives no options.
    scripts += [run("make", "-n", *words) for words in uses_of("make") if words != ("check",)]
    for command in (command for script in scripts for command in commands_in(script)):
        for at, word in enumerate(command[:-1]):
            if word == "-m" and command[at - 1].endswith("python"):
                module = command[at + 1]
                given[module] = (*given.get(module, ()), *command[at + 2 :])
    return {module: words for module, words in given.items() if module.split(".")[0] in ours()}


def source(module: str) -> str:
    path = ROOT / module.replace(".", "/")
    return (path / "__main__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8")


def test_our_modules_know_the_options_and_values_that_they_are_given() -> None:
    given = given_to_our_modules()
    parsing = {module for module in given if "parse_args(" in source(module)}
    assert {"local.run", "tests.mutation"} <= parsing
    plain = [word for module in given.keys() - parsing for word in given[module]]
    assert all((ROOT / word).is_file() for word in plain), plain  # they take files at most
    with ThreadPoolExecutor() as pool:  # --help comes last, so that what is before it is parsed
        ask = partial(run, sys.executable, "-m")
        usages = pool.map(lambda module: ask(module, *given[module], "--help"), parsing)
        for module, usage in zip(parsing, usages, strict=True):
            assert options(given[module]) <= set(re.findall(r"--?[a-z-]+", usage)), module


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
    given: dict[Words, set[str]] = {}
    for words in uses_of("sam"):
        given.setdefault(words[: 2 if words[0] == "local" else 1], set()).update(options(words))
    python = str(ROOT / ".venv-sam/bin/python")
    known = json.loads(run(python, "-c", SAM_OPTIONS, json.dumps(list(given))))
    for (subcommand, used), there in zip(given.items(), known, strict=True):
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
        assert options(tuple(rest)) <= there | AWS_GLOBAL_OPTIONS, (service, operation)


def words_in(document: str) -> list[str]:
    """What may be a path: code in sentences, and the words of commands."""
    commands = [each for script in shell_blocks(document) for each in commands_in(script)]
    return in_code(read(document)) + [word for command in commands for word in command]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_exist(document: str) -> None:
    folders = "|".join({re.escape(name.partition("/")[0]) for name in ours() if "/" in name})
    form = rf"({folders})/[\w./-]*|[\w-]+\.(py|md|toml|yaml|lock)"
    for word in words_in(document):
        path = word.removeprefix("file://")
        if re.fullmatch(form, path):
            assert path.rstrip("/") in ours() | MADE_BY_THE_READER, path

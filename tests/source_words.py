"""The words that the functions' source has for the outside: variables, log messages, reasons."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

from foyer import errors
from foyer.aws import secrets_manager
from foyer.cognito import answers, user_api
from foyer.sessions import sign_in

_LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}

# Reasons that the source works out: what stands in the call, and what it can come to.
_WORKED_OUT = {
    "error": {"access_denied"},  # AccessDenied's, compared with just that before
    "error.reason": set[str](),  # another error's, whose own call is looked at
    "_REASONS.get(code, 'secret_refused')": {*secrets_manager._REASONS.values(), "secret_refused"},
}


def trees(package: Path, module: str = "*") -> Iterator[ast.Module]:
    """The package's source, or one module's."""
    for file in sorted(package.rglob(f"{module}.py")):
        yield ast.parse(file.read_text("utf-8"))


def calls(package: Path, module: str = "*") -> Iterator[ast.Call]:
    """Every call in the package's source, or in one module's."""
    for tree in trees(package, module):
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def environment_variables(package: Path) -> set[str]:
    """What is read from a mapping called ``environ``, directly or by a function that takes it."""
    return _read_from("environ", package)


def secret_fields(package: Path) -> set[str]:
    """What the secret store reads from a mapping called ``fields``."""
    return _read_from("fields", package, "secret_store")


def _read_from(mapping: str, package: Path, module: str = "*") -> set[str]:
    found = set()
    for tree in trees(package, module):
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(value=asked), args=[name, *_]) if (
                    ast.unparse(asked) == mapping
                ):
                    found |= _texts(name) or _looped_over(name, tree)
                case ast.Call(args=[asked, name, *_]) if ast.unparse(asked) == mapping:
                    found |= _texts(name)
    return found


def _looped_over(variable: ast.expr, tree: ast.Module) -> set[str]:
    """The texts of a loop such as ``for name in ("A", "B")``."""
    return {
        text
        for loop in ast.walk(tree)
        if isinstance(loop, ast.For) and isinstance(loop.iter, ast.Tuple)
        if ast.unparse(loop.target) == ast.unparse(variable)
        for element in loop.iter.elts
        for text in _texts(element)
    }


def counted_metrics(package: Path) -> set[str]:
    """The names given to ``counters.count``."""
    return {
        text
        for call in calls(package)
        if ast.unparse(call.func).endswith("counters.count")
        for text in _texts(call.args[0])
    }


def log_messages(package: Path) -> set[str]:
    """First arguments of a logger's methods, also where a variable stands for the method."""
    found = set()
    for tree in trees(package):
        stands_for_log = {
            ast.unparse(target)
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and any(map(_is_log_method, ast.walk(node.value)))
            for target in node.targets
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (
                _is_log_method(node.func) or ast.unparse(node.func) in stands_for_log
            ):
                assert isinstance(node.args[0], ast.Constant), "a message is a fixed text"
                found |= _texts(node.args[0])
    return found


def _is_log_method(node: ast.AST) -> bool:
    if not isinstance(node, ast.Attribute) or node.attr not in _LEVELS:
        return False
    return ast.unparse(node.value).rpartition(".")[2].strip("_") == "log"


def broken_seals(package: Path) -> set[str]:
    """What SealBroken and UnknownKey are raised with."""
    return {
        text
        for call in calls(package)
        if ast.unparse(call.func) in {"SealBroken", "UnknownKey"}
        for text in _texts(call.args[0])
    }


def reasons(package: Path) -> set[str]:
    """Every reason that a RequestFailed of the package can have."""
    family = {kind.__name__ for kind in _descendants(errors.RequestFailed)}
    endpoints = _endpoints(package)
    found = _refusals()
    for call in calls(package):
        if ast.unparse(call.func) in family - {"Refused", "WeakPassword"}:
            found |= _possible(call.args[0], {"endpoint": endpoints})
    return found


def _possible(argument: ast.expr, placeholders: Mapping[str, set[str]]) -> set[str]:
    if isinstance(argument, ast.JoinedStr):
        if ast.unparse(argument) == "f'authorize_{error}'":
            return {f"authorize_{error}" for error in sign_in._WRONG_AT_COGNITO}
        parts = [_part(part, placeholders) for part in argument.values]
        return set(map("".join, itertools.product(*parts)))
    return _texts(argument) or _WORKED_OUT[ast.unparse(argument)]


def _part(part: ast.expr, placeholders: Mapping[str, set[str]]) -> set[str]:
    if isinstance(part, ast.FormattedValue):
        return placeholders[ast.unparse(part.value)]
    return _texts(part)


def _refusals() -> set[str]:
    """Refused makes its reason of the endpoint and the OAuth error code."""
    known = {
        **answers.KNOWN_ERRORS,
        "user_api": tuple(user_api._REFUSALS.values()),
    }
    return {
        errors.Refused(error, endpoint).reason
        for endpoint, codes in known.items()
        for error in codes
    }


def _endpoints(package: Path) -> set[str]:
    """Cognito's; what goes wrong on the way to Secrets Manager becomes a reason of its own."""
    return {
        text
        for module in ("oauth", "user_api")
        for call in calls(package, module)
        if ast.unparse(call.func).endswith(("upstream.get", "upstream.post"))
        for text in _texts(call.args[0])
    }


def _texts(node: ast.expr) -> set[str]:
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def _descendants(kind: type[errors.RequestFailed]) -> Iterator[type[errors.RequestFailed]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)

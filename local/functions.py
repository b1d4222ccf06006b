"""The functions that the local stack runs, by name or ARN."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from local.console import Console
from local.lambda_function import LambdaFunction
from local.template import Function, function_name

# What a function's environment has besides the variables of its template.
Environment = Callable[[Function], Mapping[str, str]]


class Functions:
    """They run between ``start`` and ``stop``."""

    def __init__(
        self, functions: Mapping[str, Function], environment: Environment, console: Console
    ) -> None:
        self._functions = {
            name: LambdaFunction(function, environment(function), console)
            for name, function in functions.items()
        }

    async def start(self) -> None:
        """Returns while they are still importing; a request waits for that."""
        await asyncio.gather(*(function.start() for function in self._functions.values()))

    async def stop(self) -> None:
        """No child is left on return."""
        await asyncio.gather(*(function.stop() for function in self._functions.values()))

    async def invoke(self, name_or_arn: str, event: bytes) -> tuple[bytes, list[str]]:
        """The function's result, and what it printed; raises FunctionFailed, or KeyError."""
        return await self._functions[function_name(name_or_arn)].invoke(event)

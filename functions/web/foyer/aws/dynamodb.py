"""One DynamoDB table with a text key ``id``: reads, conditional writes, a query of an index.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import AwsRefused, AwsUnreachable, Unavailable
from .calls import DYNAMODB, Calls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..clocks import Clocks

Row: TypeAlias = "dict[str, str | int]"

_TRY_SECONDS = 1.0  # a call takes milliseconds; with a second try, it ends after 2.3 seconds

# Reasons by error code. Other codes are "table_refused".
_REASONS = {
    "AccessDeniedException": "table_denied",
    "ProvisionedThroughputExceededException": "table_throttled",
    "RequestLimitExceeded": "table_throttled",
    "ResourceNotFoundException": "table_not_found",
    "ThrottlingException": "table_throttled",
}


class Table:
    """Every call raises Unavailable with a ``table_…`` reason; ``on_failure`` learns the reason."""

    def __init__(
        self,
        environ: Mapping[str, str],
        name: str,
        *,
        on_failure: Callable[[str], None],
        clocks: Clocks,
    ) -> None:
        """Raise ConfigurationError without a region."""
        self._calls = Calls(environ, DYNAMODB, clocks=clocks)
        self._name = name
        self._on_failure = on_failure

    def close(self) -> None:
        """Close connections; a function's container has no need to."""
        self._calls.close()

    def now(self) -> float:
        """Seconds since the epoch by DynamoDB's clock."""
        return self._calls.now()

    def get(self, key: str, *, fields: str) -> Row | None:
        """These fields of the row as it is at this moment (a strongly consistent read).

        ``fields`` are separated by commas. A row that has none of them is empty.
        """
        answer = self._call(
            "GetItem",
            {
                "Key": _encoded({"id": key}),
                "ConsistentRead": True,
                "ProjectionExpression": fields,
            },
        )
        return _decoded(answer.get("Item")) if answer else None

    def put(self, row: Row) -> None:
        """Write a new row."""
        self._call("PutItem", {"Item": _encoded(row)})

    def update(self, key: str, fields: Row, condition: str, values: Row | None = None) -> bool:
        """Set fields of a row; False if the condition does not hold.

        The condition names a value of ``values`` as ``:name``.
        """
        named = {f":set_{name}": value for name, value in fields.items()}
        answer = self._call(
            "UpdateItem",
            {
                "Key": _encoded({"id": key}),
                "UpdateExpression": "SET " + ", ".join(f"{name} = :set_{name}" for name in fields),
                "ConditionExpression": condition,
                "ExpressionAttributeValues": _encoded({**named, **_as_values(values)}),
            },
        )
        return answer is not None

    def delete(self, key: str) -> Row | None:
        """Delete a row, and return it as it was, if there was one."""
        answer = self._call("DeleteItem", {"Key": _encoded({"id": key}), "ReturnValues": "ALL_OLD"})
        return _decoded(answer.get("Attributes")) if answer else None

    def query(self, index: str, attribute: str, value: str) -> list[Row]:
        """All rows of an index whose attribute has this value. They may be a moment old."""
        fields: dict[str, Any] = {
            "IndexName": index,
            "KeyConditionExpression": f"{attribute} = :value",
            "ExpressionAttributeValues": _encoded({":value": value}),
        }
        rows: list[Row] = []
        while True:
            answer = self._call("Query", fields) or {}
            rows += filter(None, map(_decoded, answer.get("Items") or ()))
            if not answer.get("LastEvaluatedKey"):
                return rows
            fields["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _call(self, operation: str, fields: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer, or None if the condition does not hold."""
        try:
            return self._calls.call(
                operation, {"TableName": self._name, **fields}, seconds=_TRY_SECONDS
            )
        except AwsUnreachable as error:
            raise self._unavailable("table_unreachable", str(error)) from error
        except AwsRefused as error:
            if error.code == "ConditionalCheckFailedException":
                return None
            otherwise = "table_unreachable" if error.is_transient else "table_refused"
            reason = _REASONS.get(error.code, otherwise)
            raise self._unavailable(reason, error.code) from error

    def _unavailable(self, reason: str, detail: str) -> Unavailable:
        self._on_failure(reason)
        return Unavailable(reason, detail)


def _as_values(values: Row | None) -> Row:
    return {f":{name}": value for name, value in (values or {}).items()}


def _encoded(row: Mapping[str, str | int]) -> dict[str, dict[str, str]]:
    return {
        name: {"S": value} if isinstance(value, str) else {"N": str(value)}
        for name, value in row.items()
    }


def _decoded(item: object) -> Row | None:
    """Texts and whole numbers; attributes of other types are left out."""
    if not isinstance(item, dict):
        return None
    row: Row = {}
    for name, value in item.items():
        if isinstance(value, dict) and isinstance(value.get("S"), str):
            row[name] = value["S"]
        elif isinstance(value, dict) and str(value.get("N")).lstrip("-").isdecimal():
            row[name] = int(value["N"])
    return row

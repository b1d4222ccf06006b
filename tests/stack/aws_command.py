"""As much of the AWS CLI as the documented commands on tables need.

aws SERVICE OPERATION --option value …    (AWS_ENDPOINT_URL says where)
"""

from __future__ import annotations

import json
import sys

import botocore.session
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name


def main(service: str, operation: str, *options: str) -> None:
    given = dict(zip(options[::2], options[1::2], strict=True))
    query = given.pop("--query", "@")
    is_text = given.pop("--output", "json") == "text"
    client = botocore.session.get_session().create_client(service)
    method = operation.replace("-", "_")
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    assert model.input_shape is not None
    arguments = {}
    for name, member in model.input_shape.members.items():
        value = given.pop("--" + xform_name(name, "-"), None)
        if value is not None:
            arguments[name] = value if member.type_name == "string" else json.loads(value)
    assert not given, f"unknown options {given}"
    found = jmespath.search(query, getattr(client, method)(**arguments))
    for row in found if isinstance(found, list) else [found]:
        cells = row if isinstance(row, list) else [row]
        line = "\t".join(map(str, cells)) if is_text else json.dumps(row, default=str)
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

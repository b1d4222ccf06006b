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
    query, output = given.pop("--query", "@"), given.pop("--output", "json")
    client = botocore.session.get_session().create_client(service)
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(
        next(
            name for name in client.meta.service_model.operation_names if xform_name(name) == method
        )
    ).input_shape
    assert shape is not None
    named = {"--" + xform_name(name, "-"): name for name in shape.members}
    structures = {name for name, member in shape.members.items() if member.type_name != "string"}
    arguments = {
        named[option]: json.loads(value) if named[option] in structures else value
        for option, value in given.items()
    }
    found = jmespath.search(query, getattr(client, method)(**arguments))
    rows = found if isinstance(found, list) else [found]
    for row in rows:
        cells = row if isinstance(row, list) else [row]
        line = "\t".join(map(str, cells)) if output == "text" else json.dumps(row, default=str)
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Reads AWS's models of its services once per process, not for every client that a test makes."""

from __future__ import annotations

import functools

import botocore.session

botocore.session.create_loader = functools.cache(botocore.session.create_loader)

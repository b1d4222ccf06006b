# The web function's package: locked requirements, our code, bytecode. `sam build` runs this in a
# copy of functions/web; needs uv and make, and any Python.
#
# Lambda's task directory is read-only, so without bytecode every cold start compiles every module
# (docs/decisions/bytecode.md). Only the runtime's own version of Python makes bytecode that it
# takes, and only the unchecked kind stays valid, because the SAM CLI's zip dates every file 1980.
#
# cffi and pycparser serve cryptography's build; at run time it loads _cffi_backend alone. Of
# Powertools, bytecode for what we don't import would only make the package larger, and so do the
# scripts and styles of its API browser, half a megabyte of them.
PYTHON := 3.13
NEVER_IMPORTED := aws_lambda_powertools/(event_handler|utilities/(?!__init__|jmespath_utils))
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

build-WebFunction:
	@command -v uv >/dev/null || { echo "sam build needs uv: https://docs.astral.sh/uv/" >&2; exit 1; }
	uv pip install --quiet --require-hashes --only-binary :all: \
	  --python-version $(PYTHON) --python-platform $(PLATFORM)-unknown-linux-gnu \
	  --target "$(ARTIFACTS_DIR)" --requirement requirements.txt
	cp -R foyer "$(ARTIFACTS_DIR)"
	find "$(ARTIFACTS_DIR)" -name __pycache__ -prune -exec rm -rf {} +
	rm -rf "$(ARTIFACTS_DIR)"/{bin,.lock,cffi,pycparser}
	rm -f "$(ARTIFACTS_DIR)"/aws_lambda_powertools/event_handler/openapi/swagger_ui/*.{js,css}
	build/authorities.sh "$(ARTIFACTS_DIR)"
	@uv run --quiet --no-project --python $(PYTHON) python -m compileall -q -j 0 \
	  --invalidation-mode unchecked-hash -x '$(NEVER_IMPORTED)' \
	  -s "$(ARTIFACTS_DIR)" -p /var/task "$(ARTIFACTS_DIR)" \
	|| { find "$(ARTIFACTS_DIR)" -name __pycache__ -prune -exec rm -rf {} + ; \
	  echo ; \
	  echo "WARNING: the package has NO BYTECODE, so cold starts take about twice as long:" ; \
	  echo "WARNING: no Python $(PYTHON) to make it with. Get one (uv python install $(PYTHON))," ; \
	  echo "WARNING: then run sam build --no-cached." ; \
	  echo ; }

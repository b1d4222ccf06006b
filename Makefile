# `make help` lists the targets. Fresh machine: Python >= 3.11, git, make and a package index.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV := $(shell command -v uv || echo .tools/bin/uv)
SAM := .venv-sam/bin/sam
PY := .venv/bin/python
PORT ?= 3000
DOCS := build/docs
GALLERY := build/gallery
# Finds secrets by their format (AWS keys, private keys, GitHub tokens and others), offline. ruff
# finds values that are named like a password (S105, S106). The excluded lines test that a URL with a
# password is rejected.
SECRET_FORMATS := --no-verify --exclude-lines '//user:(hunter2|shown)@' --disable-plugin KeywordDetector \
	--disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString

.PHONY: docs diagrams mutants soak bench sweep help run stop start-api build-app attach events test check format build deploy pictures gallery requirements clean

help: ## List the targets
	@awk -F ':.*## ' '/^##@ /{printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Run on this machine

run: .venv/local ## Run everything offline: Cognito, login pages, inbox, users; APP=path/to/app adds your app
	@exec $(PY) -m local.run --port $(PORT) $(if $(APP),--app $(APP)) $(ARGS)

stop: .venv/local ## Stop a local stack that was started with ARGS=--detach
	@$(PY) -m local.detached --port $(PORT)

start-api: .venv/local build $(if $(APP),build-app) ## The same, also with APP=…, with the functions under the SAM CLI (needs Docker)
	@exec $(PY) -m local.run --port $(PORT) --sam $(if $(APP),--app $(APP)) $(ARGS)

attach: .venv/local ## Open the debugger of a function that waits at a breakpoint()
	@$(PY) -m local.attach

events: .venv/local ## Create the sample events that need a running stack (callback, signed in)
	@$(PY) -m local.mint --port $(PORT) $(ARGS)

##@ Test

test: .venv/dev .venv-sam/done ## Run all tests: unit, flow, stack, browser, template, sam
	@env -u MAKEFLAGS -u MFLAGS -u ARGS $(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

mutants: .venv/dev ## Remove each security check in turn and expect a test to fail
	@$(PY) -m tests.mutation $(ARGS)

soak: .venv/dev ## Simulate 10,000 concurrent sign-ins with faults (at most ten minutes)
	@PYTHONPATH=functions/web $(PY) -m tests.soak $(ARGS)

check: .venv/dev .venv-sam/done ## Check lint, types, template, secrets, documentation and requirements
	$(UV) lock --check
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m pytest -q tests/guards
	git ls-files -z -- ':!uv.lock' ':!*requirements.txt' ':!*.png' | xargs -0 -n 80 -P 2 .venv/bin/detect-secrets-hook $(SECRET_FORMATS)
	$(SAM) validate --lint
	$(SAM) validate --lint --template examples/notes/template.yaml
	$(SAM) validate --lint --template examples/vite/template.yaml
	@$(MAKE) --no-print-directory docs
	@$(MAKE) --no-print-directory requirements && git diff --exit-code -- functions/*/requirements.txt

format: .venv/dev ## Format the code and fix lint errors with ruff
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

##@ Deploy

build: .venv-sam/done ## Build with sam build
	PATH="$(dir $(abspath $(UV))):$$PATH" SAM_CLI_TELEMETRY=0 $(SAM) build

build-app: .venv-sam/done
	@SAM_CLI_TELEMETRY=0 $(SAM) build --cached --parallel --cache-dir .aws-sam/app-cache --build-dir .aws-sam/app \
		--template $(if $(wildcard $(APP)/template.yaml),$(APP)/template.yaml,$(APP))

deploy: .venv-sam/done ## Build and deploy to an AWS account; ARGS="Mfa=on" sets parameters
	@PATH="$(dir $(abspath $(UV))):$$PATH" SAM_CLI_TELEMETRY=0 .venv-sam/bin/python local/deploy.py $(ARGS)

##@ Measure and picture

pictures: .venv/dev ## Take README's screenshots again
	@$(PY) -m tests.browser.take_pictures

diagrams: .venv/dev ## Draw the documentation's diagrams again (needs npm)
	@$(PY) -m tests.browser.take_diagrams

gallery: .venv/dev ## Take pictures of every page in every state (build/gallery/index.html)
	@PYTHONPATH=functions/web $(PY) -m tests.browser.take_gallery

bench: .venv/dev .venv-sam/done ## Compare cold starts with other stacks (20 minutes; docs/speed.md)
	@$(PY) -m bench --uv $(UV) --sam $(SAM) $(ARGS)

sweep: .venv/dev .venv-sam/done ## Measure each memory size with a throttled processor (5 minutes, root; docs/cost.md)
	@$(PY) -m bench.sweep --uv $(UV) --sam $(SAM) $(ARGS)

##@ Maintain

docs: .venv/docs ## Build the documentation site (build/docs/index.html); REPO_URL adds edit links
	@rm -rf $(DOCS)
	@REPO_URL="$(REPO_URL)" GALLERY="$(GALLERY)" $(PY) -m sphinx --quiet --fail-on-warning --keep-going --jobs auto \
	  --conf-dir docs/site --doctree-dir $(DOCS)/../docs-cache . $(DOCS)
	@echo "Open $(DOCS)/index.html"

requirements: $(UV) ## Write each function's requirements.txt from uv.lock
	@$(UV) export --locked --quiet --only-group web --output-file functions/web/requirements.txt >/dev/null
	@$(UV) export --locked --quiet --only-group rotation --output-file functions/rotation/requirements.txt >/dev/null

clean: ## Delete everything that was installed and built
	rm -rf .venv .venv-sam .tools .local .aws-sam build

.tools/bin/uv:
	@command -v python3 >/dev/null || { echo "Foyer needs Python 3.11 or later: install it from python.org" >&2; exit 1; }
	@echo "Installing uv into .tools …" >&2
	@python3 -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/local: uv.lock pyproject.toml | $(UV)
	@echo "Installing the local stack's dependencies (first run only) …" >&2
	@$(UV) sync --quiet --locked --no-default-groups --group local --inexact --compile-bytecode
	@touch $@

.venv/docs: uv.lock pyproject.toml | $(UV)
	@echo "Installing what builds the documentation (first run only) …" >&2
	@$(UV) sync --quiet --locked --no-default-groups --group docs --inexact
	@touch $@

.venv/dev: uv.lock pyproject.toml | $(UV)
	@echo "Installing the tests' dependencies (first run only) …" >&2
	@$(UV) sync --quiet --locked --inexact --compile-bytecode
	@touch $@ .venv/local .venv/docs

.venv-sam/done: uv.lock pyproject.toml | $(UV)
	@echo "Installing the SAM CLI into a separate environment (first run only) …" >&2
	@UV_PROJECT_ENVIRONMENT=.venv-sam $(UV) sync --quiet --locked --only-group sam --compile-bytecode
	@touch $@

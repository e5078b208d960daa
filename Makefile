# make demo and make test set up everything except Go, git and Python 3.10 to 3.13.
# All files that make creates are in build/, .venv/ and demo/work/.

# Use the installed Go: don't download another.
export GOTOOLCHAIN := local

ifneq ($(words $(CURDIR)),1)
$(error the path of this checkout has a space in it, which make and virtual environments cannot cope with: move it)
endif

TOOL := go tool -modfile=tools/go.mod
SYSTEMS := linux darwin windows

# The race detector needs a working C compiler.
RACE := $(shell if [ "$$(go env CGO_ENABLED)" = 1 ] && \
	printf '\043include <stdlib.h>\nint main(void) { return 0; }\n' | $$(go env CC) -x c -o /dev/null - 2>/dev/null; \
	then echo -race; fi)

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-13s %s\n", $$1, $$2 }'

.PHONY: demo
demo: build ## build dot and run the main job on a sample shop with DuckDB
	@test/venv.sh demo
	@demo/run.sh build .venv/demo

.PHONY: test
test: ## everything: linters, types on every system, the documentation site, all tests with real dbt and PostgreSQL
	@# pip and apt mostly wait for the network, so they run beside each other, and beside the linters.
	@$(MAKE) --no-print-directory --jobs=6 test-all lint typecheck docs

# What the tests with a real dbt need. GORACE: by default, each program with the race detector sleeps a second at its end.
TEST_ENV = GORACE=atexit_sleep_ms=0 DOT_TEST_VENV=$(CURDIR)/.venv/test DOT_TEST_PYTHON=$(CURDIR)/.venv/test/bin/python DOT_TEST_BUILDFLAGS=$(RACE) \
	DOT_TEST_HOST_VENVS=$(CURDIR)/.venv/$(NEWEST_DBT) DOT_TEST_V2=$(CURDIR)/.venv/dbt-2

# WITH=browser also installs a browser. Then the tests that need one must pass.
.PHONY: test-all
test-all: test-venv $(WITH)
ifeq ($(RACE),)
	@echo "NOTE: no C compiler, so the tests run without the race detector"
endif
	@# -vet=off: make lint runs go vet
	$(if $(WITH),DOT_TEST_BROWSER="$${DOT_TEST_BROWSER:-$$(command -v chromium)}") $(TEST_ENV) go test $(RACE) -vet=off -count=1 -timeout 60m ./...
	@# With the race detector, these tests ran only where builds share state. The others follow.
	$(if $(RACE),DOT_TEST_RACED=1 go test -vet=off -count=1 ./cli)

.PHONY: test-slow
test-slow: test-venv ## the tests of test/e2e and cli for which make test has no time, and the others of these packages (15 minutes)
	DOT_TEST_SLOW=1 $(TEST_ENV) go test $(RACE) -vet=off -count=1 -timeout 90m ./test/e2e ./cli

# make test compares some of the newest dbt's hosted commands with others.
NEWEST_DBT := dbt-1.12

TEST_VENVS := test $(NEWEST_DBT) dbt-2

.PHONY: test-venv
test-venv: $(TEST_VENVS:%=venv-%)

.PHONY: $(TEST_VENVS:%=venv-%)
$(TEST_VENVS:%=venv-%):
	@test/venv.sh $(@:venv-%=%)

.PHONY: browser
browser:
	@test/browser.sh

.PHONY: test-go
test-go: ## the tests that need no dbt, quickly
	go test ./...

# The other dbts of which make test-full runs hosted commands, the newest first.
OTHER_DBTS := $(NEWEST_DBT) dbt-1.10 dbt-1.9
empty :=
OTHER_VENVS := $(subst $(empty) $(empty),:,$(OTHER_DBTS:%=$(CURDIR)/.venv/%))

.PHONY: test-full
test-full: cross test-dist test-pre-commit test-engines test-release test-docs ## every test with real dbt on both databases, and hosts with four dbts; make test has only some
	@for venv in test dbt-2 $(OTHER_DBTS); do test/venv.sh $$venv || exit; done
	for venv in $(OTHER_DBTS); do \
		DOT_TEST_PYTHON=$(CURDIR)/.venv/$$venv/bin/python go test -count=1 -run '^Test(FlagTable|DotEnv)' ./internal/dbt || exit; \
	done
	DOT_TEST_FULL=1 DOT_TEST_VENV=$(CURDIR)/.venv/test DOT_TEST_PYTHON=$(CURDIR)/.venv/test/bin/python \
		DOT_TEST_HOST_VENVS=$(OTHER_VENVS) go test -count=1 -timeout 4h -run '^Test.*Host' ./internal/dbt/run
	DOT_TEST_FULL=1 DOT_TEST_VENV=$(CURDIR)/.venv/test DOT_TEST_PYTHON=$(CURDIR)/.venv/test/bin/python DOT_TEST_V2=$(CURDIR)/.venv/dbt-2 \
		GORACE=atexit_sleep_ms=0 DOT_TEST_BUILDFLAGS=$(RACE) go test -count=1 -timeout 3h ./test/e2e
	@# The newest dbt, too, in all that dot does: it writes other messages, and reads .env.
	DOT_TEST_FULL=1 DOT_TEST_VENV=$(CURDIR)/.venv/$(NEWEST_DBT) DOT_TEST_PYTHON=$(CURDIR)/.venv/$(NEWEST_DBT)/bin/python \
		go test -count=1 -timeout 3h ./test/e2e

.PHONY: stress
stress: ## kill dot and dbt 500 times at random moments, and interrupt commands on 50 random projects; KILLS=n, ROUNDS=n
	@test/venv.sh test
	DOT_TEST_KILLS=$(or $(KILLS),500) DOT_TEST_ROUNDS=$(or $(ROUNDS),50) DOT_TEST_LAYERS=50 DOT_TEST_VENV=$(CURDIR)/.venv/test \
		go test -count=1 -timeout 24h -v -run '^Test(Kill|GoingOn|Chain)$$' ./cli ./test/e2e

.PHONY: bench
bench: ## measure dot's overhead, into docs/performance.md
	@test/venv.sh test
	@test/venv.sh dbt-2
	@# The Python tool of the same job needs Python 3.12.
	@python=$(CURDIR)/.venv/bench; test/venv.sh bench || { echo "NOTE: measured without the Python tool"; python=; }; \
		DOT_TEST_VENV=$(CURDIR)/.venv/test DOT_TEST_V2=$(CURDIR)/.venv/dbt-2 go run ./test/bench -host -python "$$python" -out docs/performance.md

PEERS := recce reladiff sqlmesh

.PHONY: bench-peers
bench-peers: ## install the tools that make bench-compare measures beside dot compare
	@# Pinned for Python 3.11 and newer. Each has its own environment: they need different versions of DuckDB.
	@for peer in $(PEERS); do test/venv.sh peer-$$peer || echo "NOTE: $$peer cannot be set up, so it is not measured"; done

.PHONY: bench-compare
bench-compare: bench-peers ## measure dot compare beside other tools, into docs/performance.md; ROWS=n instead of 5,000,000 rows
	@test/venv.sh test
	DOT_TEST_VENV=$(CURDIR)/.venv/test go run ./test/bench/compare $(if $(ROWS),-rows $(ROWS)) -out docs/performance.md

.PHONY: build
build: ## build build/dot
	go build -o build/dot .

.PHONY: dist
dist: ## build the wheels for all systems into build/dist, from the commit
	@test/venv.sh dist
	@rm -rf build/dist
	@packaging/wheels.sh build/dist

.PHONY: test-dist
test-dist: dist ## build the wheels, look into each, and install and run this system's with pip, uv, uvx and pipx (10 minutes)
	DOT_TEST_DIST=$(CURDIR)/.venv/dist DOT_TEST_WHEELS=$(CURDIR)/build/dist go test -count=1 -timeout 20m ./packaging

.PHONY: docs
docs: build ## build the documentation site into build/site; a broken link is an error
	@test/tool.sh docs
	@rm -rf build/site build/site-source
	@build/dot man --format markdown --dir build/site-source/commands
	@# Not with --quiet: then mkdocs doesn't count its warnings, and a broken link is none.
	@NO_MKDOCS_2_WARNING=1 .venv/docs/bin/mkdocs build --strict

.PHONY: test-docs
test-docs: docs ## build the site, run the commands of its how-to pages, and look at it in a browser (a minute or two)
	@for venv in test $(NEWEST_DBT); do test/venv.sh $$venv || exit; done
	DOT_TEST_DOCS=1 DOT_TEST_VENV=$(CURDIR)/.venv/test DOT_TEST_HOST_VENVS=$(CURDIR)/.venv/$(NEWEST_DBT) \
		go test -count=1 -timeout 20m -run '^TestHowTo$$' ./test/e2e
	DOT_TEST_DOCS=1 go test -count=1 ./site

# GoReleaser has a module of its own, since it needs 340 others; the rest needs 50.
.PHONY: release-tools
release-tools: ## build GoReleaser and the other tools of a release into build/tools (5 minutes)
	@mkdir -p build/tools
	go build -modfile=tools/goreleaser.mod -o build/tools/ github.com/goreleaser/goreleaser/v2
	go build -modfile=tools/release.mod -o build/tools/ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod github.com/rhysd/actionlint/cmd/actionlint

.PHONY: test-release
test-release: release-tools ## check the release's configuration, make a snapshot of the last commit, and look into it (10 minutes)
	DOT_TEST_RELEASE=$(CURDIR)/build/tools go test -count=1 -timeout 60m -run '^Test(Release|Notes)' ./packaging

# npm takes the packages from package-lock.json: always the same ones.
.PHONY: test-editors
test-editors: ## ask the YAML language server, from npm, about dot's files; needs Node.js 20
	@mkdir -p .venv/editors && cp test/editors/package.json test/editors/package-lock.json .venv/editors
	@npm ci --prefix .venv/editors --silent --no-audit --no-fund
	DOT_TEST_EDITORS=$(CURDIR)/.venv/editors go test -count=1 ./test/editors

.PHONY: test-pre-commit
test-pre-commit: ## commit to a sample shop with the hook of pre-commit, and a real dbt (half a minute)
	@test/venv.sh test
	@test/tool.sh pre-commit
	DOT_TEST_VENV=$(CURDIR)/.venv/test DOT_TEST_PRECOMMIT=$(CURDIR)/.venv/pre-commit go test -count=1 ./test/precommit

# The server has a module of its own, since it needs 80 others.
.PHONY: test-store
test-store: ## buckets and the team's store on servers with the protocols of S3, Google Cloud Storage and Azure (3 minutes; needs npm)
	@mkdir -p build/tools
	go build -modfile=tools/s3.mod -o build/tools/ github.com/versity/versitygw/cmd/versitygw
	go build -modfile=tools/gs.mod -o build/tools/ github.com/fsouza/fake-gcs-server
	@npm install --prefix .venv/azurite --silent --no-audit --no-fund --no-save azurite@3.35.0
	@test/venv.sh test
	DOT_TEST_S3=$(CURDIR)/build/tools/versitygw DOT_TEST_GS=$(CURDIR)/build/tools/fake-gcs-server \
		DOT_TEST_AZ=$(CURDIR)/.venv/azurite/node_modules/.bin/azurite-blob go test -count=1 ./internal/bucket ./internal/store ./internal/elsewhere
	DOT_TEST_S3=$(CURDIR)/build/tools/versitygw DOT_TEST_VENV=$(CURDIR)/.venv/test go test -count=1 -run '^TestStore$$' ./test/e2e

.PHONY: test-agents
test-agents: ## let the reference clients, from PyPI and npm, talk to dot mcp; needs Node.js 20
	@test -x .venv/agents/bin/pip || python3 -m venv .venv/agents
	@.venv/agents/bin/pip install --quiet --disable-pip-version-check --requirement test/agents/requirements.txt
	@npm install --prefix .venv/agents --silent --no-audit --no-fund --no-save @modelcontextprotocol/inspector@0.15.0
	DOT_TEST_AGENTS=$(CURDIR)/.venv/agents go test -count=1 -run '^TestMCPWith' ./cli

# The schema of Argo Workflows comes with its Go module, of which nothing is compiled.
.PHONY: test-engines
test-engines: ## run the jobs of dot plan in Airflow, and check those for other engines with linters and schemas (a few minutes)
	@test/venv.sh dbt-2
	@test/tool.sh engines
	go build -modfile=tools/release.mod -o build/tools/ github.com/rhysd/actionlint/cmd/actionlint
	argo=$$(go mod download -modfile=tools/argo.mod -json github.com/argoproj/argo-workflows/v4 | sed -n 's/^.*"Dir": "\(.*\)".*$$/\1/p') && \
		DOT_TEST_ARGO=$$argo DOT_TEST_ENGINES=$(CURDIR)/.venv/engines DOT_TEST_ACTIONLINT=$(CURDIR)/build/tools/actionlint \
		DOT_TEST_V2=$(CURDIR)/.venv/dbt-2 go test -count=1 -timeout 30m ./test/engines

.PHONY: lint
lint: ## gofumpt, vet, staticcheck
	@echo gofumpt
	@unformatted=$$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 $(TOOL) gofumpt -l) || exit; \
		if [ -n "$$unformatted" ]; then echo "not formatted; run $(TOOL) gofumpt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go vet -C tools ./...
	$(TOOL) staticcheck ./...

.PHONY: typecheck
typecheck: ## check that dot and its tests compile on every supported system
	go run -C tools ./typecheck $(CURDIR) $(SYSTEMS)

.PHONY: cross
cross: ## compile dot and its tests for every supported system
	@for system in $(SYSTEMS); do \
		echo "cross-compile for $$system"; \
		GOOS=$$system CGO_ENABLED=0 go vet ./... && \
		GOOS=$$system CGO_ENABLED=0 go build -o build/cross/dot-$$system . || exit; \
	done

.PHONY: clean
clean: ## remove the files that make has created
	rm -rf build .venv demo/work

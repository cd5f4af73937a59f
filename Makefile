# SPDX-License-Identifier: Apache-2.0
# Each target is one line of work; the work itself is in tools/.

PREFIX  ?= /usr/local
DESTDIR ?=
ARGS    ?=
TARGET  ?=
TIME    ?= 60
ROUNDS  ?= 3
JOBS    ?= 2

# The flags of every build of this repository, for the scripts in tools/ too.
export WEIR_SWIFT_FLAGS = --explicit-target-dependency-import-check error -j $(JOBS)

.DEFAULT_GOAL := help
.PHONY: help setup build run test plugins check format docs bench fuzz install deb clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## Install the Debian packages that building and testing need
	@tools/setup build test

build: ## Release build: .build/release/weir
	@tools/setup build
	swift build -c release $(WEIR_SWIFT_FLAGS) --product weir
	@tools/plugins release
	@tools/drop .build/release/weir-drop

run: ## Build, then run Weir in the foreground (ARGS="--config FILE" for your own)
	@tools/run $(ARGS)

test: ## Everything: unit, transcript, crash, end-to-end, sanitizer, fuzz and style tests (ARGS="unit style" for some)
	@tools/setup build test
	@tools/test $(ARGS)

plugins: ## Build everything below plugins/ into .build/plugins
	@tools/setup build
	@tools/plugins

check: ## Style only: format, scripts, generated files
	@tools/setup build test
	@tools/test style generated

format: ## Rewrite the sources in the house format
	swift format -i -p -r Package.swift Sources Tests fuzz plugins

docs: ## Write the generated files again
	swift build $(WEIR_SWIFT_FLAGS) --product weir
	@tools/generate

bench: ## Measure Weir beside Postfix (as root; ROUNDS=3)
	@tools/setup build bench
	@bench/run $(ROUNDS)

fuzz: ## Fuzz for TIME seconds (TARGET=Name for one; all otherwise)
	@tools/setup build
	@tools/fuzz $(TIME) $(TARGET)

install: ## Install what "make build" has built, below DESTDIR and PREFIX
	@test -x .build/release/weir || { echo "Nothing to install: type 'make build' first, as yourself" >&2; exit 1; }
	@tools/install "$(DESTDIR)" "$(PREFIX)"

deb: build ## Make the Debian package: build/weir_VERSION_ARCHITECTURE.deb
	@tools/setup deb
	@tools/deb

clean: ## Remove what was built
	rm -rf .build

# What people and CI call. Each target works in a fresh clone.

# Where cargo builds: its default, or what the environment says.
target_dir := $(or $(CARGO_TARGET_DIR),target)

# Most tests wait, for Terraform or for time to pass.
test_threads = $$((3 * $$(getconf _NPROCESSORS_ONLN)))

venv := $(target_dir)/conformance/venv
peer := $(target_dir)/conformance/peer
requirements := tests/conformance/requirements.txt

.DEFAULT_GOAL := help
.PHONY: help build install demo docs test bench lint conformance

help: ## Print this.
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

build: ## Build the provider and the simulator.
	cargo build --workspace --locked

install: ## Build for release, and install where Terraform looks by itself.
	cargo build --release --locked
	@set -eu; built=$(target_dir)/release/terraform-provider-ses; \
	version=$$($$built --version); version=$${version##* }; \
	platform=$$(terraform version | sed -n 's/^on //p'); \
	folder=$$HOME/.terraform.d/plugins/registry.terraform.io/terraform-provider-ses/ses/$$version/$$platform; \
	set -x; mkdir -p "$$folder"; cp $$built "$$folder/terraform-provider-ses_v$$version"

demo: build ## Show the life of a MAIL FROM domain, against the simulator.
	@examples/demo/run.sh $(target_dir)/debug

docs: build ## Generate the pages of docs/ but the guides; needs Go, and Terraform 1.14.
	@.ci/docs $(target_dir)/debug

test: ## Run all tests but those of conformance.
	@if command -v cargo-nextest >/dev/null; then \
		set -x; cargo nextest run --workspace --locked && cargo test --workspace --locked --doc; \
	else \
		export RUST_TEST_THREADS=$${RUST_TEST_THREADS:-$(test_threads)}; \
		set -x; cargo test --workspace --locked; \
	fi

# FULL=1 adds what takes long; QUICK=1 tries small sizes, without a build for release,
# and writes nothing; ONLY=dns measures that part (tests/bench/bench.rs names them) and
# writes nothing.
bench: ## Measure against the simulator, and write it into docs/guides/performance.md.
	cargo build --locked $(if $(QUICK),--bins --example bench,--release)
	cargo run --locked --example bench -- \
		$(target_dir)/$(if $(QUICK),debug,release)/terraform-provider-ses docs/guides \
		$(if $(FULL),--full,$(if $(QUICK),--quick)) $(if $(ONLY),--only $(ONLY))

lint: ## Check format, lints and, where there is shellcheck, the scripts.
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	terraform fmt -check -diff -recursive examples
	@if command -v shellcheck >/dev/null; then \
		set -x; shellcheck .ci/run .ci/docs .cargo/protoc examples/demo/run.sh; \
	fi

conformance: $(venv)/installed ## Hold the provider against other programs: moto, pyspf, aws-sdk-go-base.
	MOTO_SERVER=$(abspath $(venv))/bin/moto_server \
		cargo test --test conformance --locked -- --ignored
	@if command -v go >/dev/null; then \
		set -xe; .ci/docs --check $(target_dir)/debug; \
		go build -C tests/conformance/peer -o $(abspath $(peer)) .; \
		CREDENTIALS_PEER=$(abspath $(peer)) cargo test --test credentials --locked; \
	else \
		echo "*** There is no Go: neither docs/ nor the provider block is held against anything"; \
	fi

$(venv)/installed: $(requirements)
	rm -rf $(venv)
	python3 -m venv $(venv)
	$(venv)/bin/pip install --quiet --requirement $(requirements)
	touch $@

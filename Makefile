# Two commands do everything on a bare machine: `make run` and `make test`. `make help` lists the rest.

step := .cargo/setup/step.sh

purpose = build
run: purpose = build run
test: purpose = test
test: components = rustfmt clippy

# libtorch's threads wait by spinning; beside the tests' own threads that is slow beyond reason.
test test-corpora bench: export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
# One after the other, even under -j: the steps share one target folder.
.NOTPARALLEL:
.PHONY: help run test test-corpora bench figures screenshots setup

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: setup ## bring what is missing, build, and open the viewer on the demo study
	@$(step) "Build in release mode (about eight minutes the first time on two cores)" cargo build --release --locked
	@$(step) "Viewer" .cargo/setup/show.sh

test: setup ## bring what is missing, check form and warnings, run every test, build the documentation
	@$(step) "Form" cargo fmt --check
	@$(step) "Warnings" cargo clippy --locked --all-targets -- -D warnings
	@$(step) "Tests (the first build takes some minutes)" cargo test --locked
	@RUSTDOCFLAGS="-D warnings" $(step) "Documentation" cargo doc --locked --no-deps

test-corpora: setup ## open the test files of pydicom and nibabel (UPDATE=1: and write the table of them anew)
	@$(step) "Test files of pydicom and nibabel" .cargo/setup/corpora.sh target/corpora
	@MRIMASTER_CORPORA="$(CURDIR)/target/corpora" $(if $(UPDATE),MRIMASTER_CORPORA_UPDATE=1) \
		$(step) "Tests (the first build takes some minutes)" cargo test --locked --test corpora

bench: setup ## measure; the report goes to the screen
	@$(step) "Benchmarks" cargo bench --locked

figures: setup ## evaluate the shipped networks: make figures DATA=folder PATIENTS=table INDEX=table
	@$(step) "Build in release mode" cargo build --release --locked
	@$(step) "Figures" .cargo/setup/figures.sh "$(DATA)" "$(PATIENTS)" "$(INDEX)"

screenshots: setup ## draw every screen, in two sizes, at two scales and in both themes, into out/screens
	@$(step) "Build in release mode" cargo build --release --locked
	@$(step) "Screenshots" target/release/mrimaster screenshots out/screens

setup: ## bring what is missing to build: system packages, libtorch
	@$(step) "Rust" .cargo/setup/rust.sh $(components)
	@$(step) "System packages ($(purpose))" .cargo/setup/system.sh $(purpose)
	@$(step) "libtorch" .cargo/setup/libtorch.sh

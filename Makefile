# SPDX-License-Identifier: Apache-2.0
# The front door. `make demo` and `make check` work on a bare Debian 12 as root.
#   deps         install what building needs (apt); deps-check: what testing needs besides
#   build        build/runtime-shim/husk, with lock checks
#   release      build-release/runtime-shim/husk: without; what demo, bench and install use
#   demo         an untrusted program in a sandbox, and what it could and could not see
#   check        every gate; ends with "N passed, N failed, N skipped". MUST_RUN=1: a skip fails
#   check-long   check, and what takes longer
#   bench        figures: native, husk, and PEER=/path/to/runsc if given; BENCHFLAGS='--quick --only calls'
#   check-clients  docker, containerd and its CRI with runc and with husk; installs the engines
#   install      into PREFIX (default /usr/local), below DESTDIR: husk, helper, shim, man pages, completion
#   deb          Debian packages, in build-release/deb
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

all: build

deps:
	@tests/lib/deps.sh build

deps-check: deps
	@tests/lib/deps.sh build check arm64

build/build.ninja:
	meson setup build

build: deps build/build.ninja
	ninja -C build -j $(JOBS) runtime-shim/husk

build-release/build.ninja:
	meson setup build-release --buildtype=debugoptimized -Db_ndebug=true

release: deps build-release/build.ninja
	ninja -C build-release -j $(JOBS) runtime-shim/husk runtime-shim/husk-systemd runtime-shim/shim/containerd-shim-husk-v1

demo: release
	@tests/lib/demo.sh build-release/runtime-shim/husk

check: deps-check
	@python3 tests/lib/check.py --jobs $(JOBS)

check-long: deps-check
	@tests/lib/deps.sh long
	@python3 tests/lib/check.py --jobs $(JOBS) --long

bench: release
	@tests/lib/deps.sh bench
	ninja -C build-release -j $(JOBS) bench-programs
	@python3 bench/run.py --husk build-release/runtime-shim/husk --json build-release/bench.json \
		--svg build-release/bench.svg $(if $(PEER),--peer $(PEER)) $(BENCHFLAGS)

install: release
	@runtime-shim/packaging/install.sh build-release "$(DESTDIR)" "$(PREFIX)"

deb: release
	@runtime-shim/packaging/deb.sh build-release build-release/deb

check-clients: build/build.ninja
	@tests/lib/deps.sh build clients
	ninja -C build -j $(JOBS) runtime-shim/husk runtime-shim/shim/containerd-shim-husk-v1
	meson test -C build --no-rebuild --suite clients --num-processes 1

clean:
	rm -rf build build-*

.PHONY: all deps deps-check build release demo check check-long bench install deb check-clients clean

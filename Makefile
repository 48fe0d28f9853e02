# Everything here is plain Go; the targets are shorthand for the commands.

GO ?= go
PKG ?= ./...
FUZZTIME ?= 20s
CHAOSTIME ?= 10m
PLATFORMS = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
BINARIES = kici kici-orchestrator kici-agent kici-admin kici-relay
MAXSIZE = 45000000

.PHONY: help test race lint bench bench-scale chaos fuzz generate verify sizes cross build

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-11s %s\n", $$1, $$2}'

build: ## build bin/kici and the services
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o bin/ $(addprefix ./cmd/,$(BINARIES))

test: ## run the tests (PKG=./lockfile/... for some)
	$(GO) test $(PKG)

race: ## run the tests under the race detector
	$(GO) test -race $(PKG)

lint: ## vet, staticcheck and gofmt
	$(GO) vet $(PKG)
	$(GO) tool staticcheck $(PKG)
	@bad=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); [ -z "$$bad" ] || { echo "not gofmt-ed:"; echo "$$bad"; exit 1; }

bench: ## time whole processes, medians beside the original's figures
	$(GO) run ./cmd/internal/bench
	$(GO) test ./kici ./engine/dispatch -run "^$$" -bench "Push|Log|Jobs" -benchtime 40x
	$(GO) test ./executor/expr -run "^$$" -bench Hostile -benchtime 40x

bench-scale: ## load a whole orchestrator and write docs/performance.md (15 minutes, 10 GB, PostgreSQL installed)
	$(GO) run ./cmd/internal/benchscale -write docs/performance.md

chaos: ## break real services for CHAOSTIME and check every promise (CHAOSFLAGS="-seed 7")
	$(GO) run ./cmd/internal/chaos -for $(CHAOSTIME) $(CHAOSFLAGS)

fuzz: ## fuzz every target for FUZZTIME
	@set -e; grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r f; do \
	  for name in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]+)\(.*/\1/p' "$$f"); do \
	    echo "== $$name ($$(dirname "$$f"))"; $(GO) test "./$$(dirname "$$f")" -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME); \
	  done; done

generate: ## rebuild generated files and deps.txt
	$(GO) generate ./...
	$(GO) test ./kici/internal/house -run TestDeps -update

verify: generate ## fail when a generated file was stale
	@git diff --exit-code -- '*_gen.js' '*_gen.d.ts' '*_gen.go' '*_gen.txt' docs/cli.md docs/configuration.md '*deps.txt'

sizes: ## the largest files and functions: a place to look, not a gate
	@git ls-files '*.go' '*.ts' | grep -vE '_gen\.|_test\.go|testdata/|\.d\.ts' | xargs wc -l | sort -rn | sed -n '2,16p'
	@echo; git ls-files '*.go' | grep -vE '_gen\.|_test\.go|testdata/' | xargs awk 'FNR==1{n=0} /^func /{n=FNR; name=$$0} /^}/{if(n){printf "%4d %s:%d %s\n", FNR-n+1, FILENAME, n, substr(name,1,60); n=0}}' | sort -rn | head -15

cross: ## build every platform without cgo and check the size
	@set -e; out=$$(mktemp -d); trap 'rm -rf "$$out"' EXIT; for p in $(PLATFORMS); do \
	  os=$${p%/*}; arch=$${p#*/}; for b in $(BINARIES); do \
	    CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build -trimpath -ldflags='-s -w' -o "$$out/binary" ./cmd/$$b; \
	    size=$$(wc -c < "$$out/binary" | tr -d ' '); printf '%-14s %-18s %6.1f MB\n' "$$p" "$$b" "$$(awk "BEGIN{print $$size/1000000}")"; \
	    [ "$$size" -le $(MAXSIZE) ] || { echo "$$b for $$p is larger than $(MAXSIZE) bytes"; exit 1; }; \
	  done; \
	done

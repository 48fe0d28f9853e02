import { job, push, step, workflow } from '@kici-dev/sdk';

// KiCI checks itself with KiCI: go run ./cmd/kici run local push
//
// The jobs run in a throwaway checkout of this repository. They take the part
// of the project that needs nothing but Go, so that a first run on a fresh
// machine is short; .ci/run does all of it.

const vet = job('vet', {
  runsOn: 'default',
  steps: [
    step('vet', async ({ $ }) => {
      await $`go vet ./lockfile/... ./cmd/internal/cli/...`;
    }),
  ],
});

const build = job('build', {
  runsOn: 'default',
  steps: [
    step('build', async ({ $ }) => {
      await $`go build -o ${'bin/kici'} ./cmd/kici`;
      const version = await $`./bin/kici --version`;
      return { version: version.stdout.trim() };
    }),
  ],
});

const test = job('test', {
  runsOn: 'default',
  needs: [vet, build],
  steps: [
    step('contract', async ({ $ }) => {
      await $`go test ./lockfile ./lockfile/event`;
    }),
    step('commands', async ({ $, log }) => {
      // The scenarios are the long part; 'go test ./...' has them.
      await $`go test -skip ${'^TestScenarios$'} ./cmd/internal/cli/...`;
      log.info(`checked kici ${build.result.version}`);
    }),
  ],
});

export default workflow('ci', {
  description: 'Vets, builds and tests a part of KiCI with KiCI',
  on: push(),
  jobs: [vet, build, test],
});

import ms from 'ms';
import { job, push, step, workflow } from '@kici-dev/sdk';

// `ms` is bundled from .kici/node_modules when the workflow is compiled; there
// is no Node and no install when it runs.
export default workflow('durations', {
  on: push(),
  timeout: ms('10m'),
  jobs: [
    job('measure', {
      runsOn: 'default',
      timeout: ms('2m'),
      steps: [
        step('sleep', {
          timeout: ms('30s'),
          run: async ({ $, log }) => {
            const out = await $`sleep 0.05`;
            log.info(`slept ${ms(out.duration)}; an hour has ${ms('1h')} ms`);
          },
        }),
      ],
    }),
  ],
});

import { readFile } from 'node:fs/promises';
import { job, push, step, workflow, z } from '@kici-dev/sdk';

const Config = z.object({
  name: z.string().min(1),
  replicas: z.number().int().min(1).max(10),
  regions: z.array(z.enum(['eu', 'us', 'ap'])).nonempty(),
});

const check = step('check', {
  outputs: { name: z.string(), instances: z.number().int().positive() },
  run: async ({ log }) => {
    const config = Config.parse(JSON.parse(await readFile('deploy.json', 'utf8')));
    log.info(`${config.name} goes to ${config.regions.join(' and ')}`);
    return { name: config.name, instances: config.replicas * config.regions.length };
  },
});

export default workflow('config', {
  description: 'A file and the outputs of a step, both checked by zod',
  on: push(),
  jobs: [
    job('config', {
      runsOn: 'default',
      steps: [
        check,
        step('plan', async ({ $ }) => {
          await $`echo ${check.result.instances} instances of ${check.result.name}`;
        }),
      ],
    }),
  ],
});

import { dynamicGroup, dynamicJob, job, push, workflow } from '@kici-dev/sdk';

// One job per folder below services, found when the run starts.
const services = dynamicJob('services', async ({ $, log }) => {
  const names = (await $`ls services`).lines().filter(Boolean);
  log.info(`found ${names.length} services`);
  return names.map((name) =>
    job(`check-${name}`, {
      runsOn: 'default',
      run: async ({ $ }) => {
        await $({ cwd: `services/${name}` })`sh check.sh`;
      },
    }),
  );
});

const release = job('release', {
  runsOn: 'default',
  needs: [dynamicGroup('services')],
  run: async ({ $ }) => {
    await $`echo every service is fine`;
  },
});

export default workflow('services', { on: push(), jobs: [services, release] });

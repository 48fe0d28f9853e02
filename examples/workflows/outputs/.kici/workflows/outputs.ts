import { job, push, step, workflow } from '@kici-dev/sdk';

const version = step('version', async ({ $ }) => {
  const hash = (await $`git rev-parse --short HEAD`).stdout.trim();
  return { number: `1.4.${hash.length}`, hash };
});

// A function is a step too; its outputs are found through the function itself.
const countFiles = async ({ $ }: { $: any }) => {
  const listing = await $`git ls-files`;
  return { files: listing.lines().length as number };
};

const build = job('build', {
  runsOn: 'default',
  steps: [
    version,
    countFiles,
    step('stamp', async (ctx) => {
      const { files } = ctx.outputsOf(countFiles);
      const stamp = `${version.result.number} (${files} files)`;
      await ctx.$`echo ${stamp} > STAMP`;
      ctx.setEnv('STAMP', stamp);
      return { stamp };
    }),
    step('show', async ({ $ }) => {
      await $`echo "stamp is $STAMP"; cat STAMP`;
    }),
  ],
});

const target = job('target', { runsOn: 'default', run: async () => ({ region: 'eu-central-1' }) });

const deploy = job('deploy', {
  runsOn: 'default',
  needs: [build, target],
  run: async ({ $, log }) => {
    log.info(`deploying ${build.result.stamp.stamp}`); // several steps: by step name
    await $`echo to ${target.result.region}`; // one step: the outputs themselves
  },
});

export default workflow('outputs', { on: push(), jobs: [build, target, deploy] });

import { workflow, job, push } from '@kici-dev/sdk';

const spec = { key: 'k1', paths: ['out'], restoreKeys: ['k'] };

export default workflow('ci', {
  on: push(),
  jobs: [
    job('save', { runsOn: 'default', run: async (ctx) => {
      const r = await ctx.cache.restore(spec);
      await ctx.$`mkdir -p out; echo kept > out/f`;
      await ctx.cache.save(spec);
      ctx.log.info(`first ${r.hit}`);
    } }),
    job('restore', { runsOn: 'default', needs: ['save'], run: async (ctx) => {
      await ctx.$`rm -rf out`;
      const r = await ctx.cache.restore({ ...spec, key: 'k2' });
      ctx.log.info(`second ${r.hit} ${r.matchedKey} ${(await ctx.$`cat out/f`).stdout.trim()}`);
    } }),
  ],
});

import { job, push, step, workflow } from '@kici-dev/sdk';

const at = (key: string, ...restoreKeys: string[]) => ({ key, paths: ['out'], restoreKeys });

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async (ctx) => {
    const write = (text: string) => ctx.$`rm -rf out; mkdir out; echo ${text} > out/f`;
    const read = async (r: { hit: boolean; matchedKey?: string }) => { ctx.log.info(`${r.hit} ${r.matchedKey} ${(await ctx.$`cat out/f || true`).stdout.trim()}`); await ctx.$`rm -rf out`; };
    const run = process.env.KICI_RUN_ID;
    await write('first'); await ctx.cache.save(at(`${run}-a`));
    await write('second'); await ctx.cache.save(at(`${run}-a`));
    await ctx.$`sleep 0.05`;
    await write('newer'); await ctx.cache.save(at(`${run}-b`));
    await ctx.$`rm -rf out`;
    const short = (r: { hit: boolean; matchedKey?: string }) => ({ hit: r.hit, matchedKey: r.matchedKey?.slice(run!.length) });
    await read(short(await ctx.cache.restore(at(`${run}-a`))));
    await read(short(await ctx.cache.restore(at(`${run}-c`, `${run}-`))));
    await read(short(await ctx.cache.restore(at(`${run}-c`, 'nothing', `${run}-a`, `${run}-`))));
    await read(short(await ctx.cache.restore(at(`${run}-c`))));
  } })],
});

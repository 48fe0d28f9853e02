import { job, push, rule, step, workflow } from '@kici-dev/sdk';

const off = step('off', { rules: [rule('no', () => false)], run: async () => ({ v: 1 }), cleanup: async () => { console.log(['wrong', 'hook'].join(' ')); } });

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', beforeStep: async () => { console.log('before'); }, afterStep: async () => { console.log('after'); }, steps: [
    off,
    step('reads', async () => { console.log('reads'); try { console.log(off.result.v); } catch (e) { console.log(`no: ${(e as Error).message}`); } }),
  ] })],
});

import { job, push, rule, step, workflow } from '@kici-dev/sdk';

console.log('said while loading');

export default workflow('ci', {
  on: push(),
  jobs: [
    job('a', { runsOn: 'default', rules: [rule('yes', () => { console.log('said by a rule'); return true; })], env: async () => { console.log('said by a field'); return {}; },
      steps: [step('s', { rules: [rule('step', () => { console.log('said by the rule of a step'); return true; })], run: async () => { console.log('said by the step'); } })] }),
  ],
});

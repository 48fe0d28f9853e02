import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('write', async ({ $ }) => {
          await $`echo A=one >> $KICI_ENV; echo B=x=y >> $KICI_ENV; mkdir -p p; echo $PWD/p >> $KICI_PATH`;
          console.log(process.env.A);
        }),
        step('read', async ({ $ }) => {
          console.log(process.env.A, process.env.B, (await $`echo $A`.quiet()).stdout.trim(), process.env.PATH.split(':')[0].endsWith('/p'));
        }),
      ],
    }),
  ],
});
// says: one x=y one true

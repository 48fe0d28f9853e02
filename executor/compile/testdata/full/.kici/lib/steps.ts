import { step } from '@kici-dev/sdk';

export function deployStep(name: string, stage: string) {
  return step(name, async ({ $ }) => {
    await $`echo ${stage}`;
  });
}

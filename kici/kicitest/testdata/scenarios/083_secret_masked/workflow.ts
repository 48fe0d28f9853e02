import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async (ctx) => {
    const token = await ctx.secrets.get('TOKEN');
    console.log(`plain ${token}.`);
    await ctx.$`echo "shell ${token}."`;
    await ctx.$`printf %s ${token} | base64`;
    console.log(`json ${JSON.stringify({ token })}`);
    throw new Error(`failed with ${token}`);
  } })],
});

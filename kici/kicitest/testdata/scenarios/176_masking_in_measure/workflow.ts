import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async (ctx) => {
    const pem = await ctx.secrets.get('PEM');
    await ctx.secrets.get('TWO');
    console.log(pem);
    await ctx.$`printf %s ${pem}`;
    console.log('a whole sentence about xy and ab stays');
    const token = await ctx.secrets.get('TOKEN');
    await ctx.$`printf %s ${'x' + token} | base64; printf %s ${'xy' + token} | base64`;
    console.log(encodeURIComponent(token));
    process.stdout.write(token.slice(0, 7)); process.stdout.write(token.slice(7) + ' end\n');
  } })],
});

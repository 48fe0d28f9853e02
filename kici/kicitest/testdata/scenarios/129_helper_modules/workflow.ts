import { workflow, job, push } from '@kici-dev/sdk';
import { greet } from '../lib/greet.js';
import data from '../lib/data.json';

export default workflow('ci', { on: push(), jobs: [job('a', { runsOn: 'default', run: async (ctx) => { ctx.log.info(`${greet(data.name)}`); } })] });

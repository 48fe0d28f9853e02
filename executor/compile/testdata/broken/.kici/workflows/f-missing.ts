import { workflow } from '@kici-dev/sdk';
import { gone } from '../lib/gone';
import chalk from 'chalk-that-is-not-there';
export default workflow(gone + chalk, { jobs: [] });

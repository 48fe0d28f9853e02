// CPU and memory of a job: what may be written, and its normal form.

import type { Check, Options } from './check';
import type { ResourceAmounts, ResourceRequest } from '../sdk';

const memory = /^\d+(\.\d+)?\s*[kmg]$/i;
const maxCpus = 256;
const scale: Record<string, number> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

export function checkResources(c: Check, v: unknown): void {
  if (v === undefined) return;
  const o = c.options(v, ['requests', 'limits', 'cpus', 'memory'], 'resources');
  const flat = o['cpus'] !== undefined || o['memory'] !== undefined;
  const sided = o['requests'] !== undefined || o['limits'] !== undefined;
  if (flat && sided) c.say('resources', "write either { cpus, memory } or { requests, limits }, not both");
  if (flat) checkSide(c, { cpus: o['cpus'], memory: o['memory'] }, 'resources');
  for (const side of ['requests', 'limits']) {
    if (o[side] !== undefined) checkSide(c, o[side], `resources.${side}`);
  }
  checkOrder(c, o);
}

function checkSide(c: Check, v: unknown, field: string): void {
  const o = c.options(v, ['cpus', 'memory'], field);
  const cpus = o['cpus'];
  if (cpus !== undefined && !(typeof cpus === 'number' && cpus > 0 && cpus <= maxCpus)) {
    c.add(`${field}.cpus`, cpus, `a number of cores above 0 and up to ${maxCpus}`);
  }
  if (o['memory'] !== undefined && bytes(o['memory']) === undefined) {
    c.add(`${field}.memory`, o['memory'], "a size such as '512m', '4g' or '2048k'");
  }
}

function checkOrder(c: Check, o: Options): void {
  const [low, high] = [o['requests'] as Options | undefined, o['limits'] as Options | undefined];
  if (!low || !high) return;
  if (typeof low['cpus'] === 'number' && typeof high['cpus'] === 'number' && low['cpus'] > high['cpus']) {
    c.say('resources.requests.cpus', `${low['cpus']} is above the limit of ${high['cpus']}`);
  }
  const [want, cap] = [bytes(low['memory']), bytes(high['memory'])];
  if (want !== undefined && cap !== undefined && want > cap) {
    c.say('resources.requests.memory', `${low['memory']} is above the limit of ${high['memory']}`);
  }
}

function bytes(v: unknown): number | undefined {
  if (typeof v !== 'string' || !memory.test(v)) return undefined;
  return parseFloat(v) * scale[v.slice(-1).toLowerCase()]!;
}

/** The flat shorthand stands for both sides; everything else stays as written. */
export function normalResources(r: ResourceRequest | undefined): ResourceRequest | undefined {
  if (r === undefined || 'requests' in r || 'limits' in r) return r;
  const side = { ...r } as ResourceAmounts;
  return Object.keys(side).length === 0 ? r : { requests: side, limits: { ...side } };
}

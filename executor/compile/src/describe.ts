// Reads a loaded workflow file into plain JSON, shaped like the lock file where
// it can be. Everything that needs a live JavaScript object (identity, function
// text, symbols) is settled here; Go checks, hashes and writes.

import { discoverWorkflows, jobNamer, lockTrigger, workflowHooks } from '@kici-dev/sdk/internal';
import { type Bag, hookFlags, pick, ruleRefs, siteOf } from './common';
import { describeGenerator, describeJob } from './job';

export { describeFixtures } from './fixtures';

// Factories hand what is wrong to this function instead of throwing it, so
// that a file's problems are all found by one load.
const problems: unknown[] = [];
(globalThis as any)[Symbol.for('kici:problems')] = (problem: unknown) => problems.push(problem);

/** Throws the problems that were reported since the last call. */
export function takeProblems(): void {
  if (problems.length > 0) throw new AggregateError(problems.splice(0), 'the factories reported problems');
}

// One number per workflow object, so that Go sees one object exported twice.
// Weak: what has been described may go, and a hundred files are much to keep.
const identities = new WeakMap<object, number>();
let known = 0;

export function describe(namespace: Bag, file: string): Bag[] {
  return discoverWorkflows(namespace).map((found: any) => {
    const { workflow } = found;
    if (!identities.has(workflow)) identities.set(workflow, known++);
    return { export: found.export, id: identities.get(workflow), ...describeWorkflow(workflow, file) };
  });
}

function describeWorkflow(w: any, file: string): Bag {
  const nameOf = jobNamer(w);
  const triggers: Bag[] = [];
  const origins: Bag[] = [];
  (w.on ?? []).forEach((trigger: any, index: number) => {
    const entries = lockTrigger(trigger);
    const lost = trigger._tag === 'PushTrigger' && entries.every((e: Bag) => e._type === 'tag') && trigger.paths.length > 0;
    for (const entry of entries) {
      triggers.push(entry);
      origins.push({ index, at: siteOf(trigger), lost });
    }
  });
  const lock: Bag = {
    name: w.name,
    triggers,
    ...pick(w, 'description', 'hashFiles', 'registries', 'installEnv', 'timeout'),
    ...hookFlags(w, workflowHooks),
  };
  if (w.rules !== undefined) lock.rules = ruleRefs(w.rules, file, 0);
  if (w.concurrency !== undefined) {
    lock.concurrency = { hasGroup: Boolean(w.concurrency.group), ...pick(w.concurrency, 'cancelInProgress', 'max') };
  }
  const jobs = w.jobs.map((job: any, i: number) =>
    typeof job === 'function' ? describeGenerator(job, file, i) : describeJob(job, file, i, nameOf));
  return { at: siteOf(w), runtime: w.runtime, lock, triggers: origins, jobs };
}

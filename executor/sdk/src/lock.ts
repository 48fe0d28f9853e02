// Normal forms: what the many ways of writing a workflow come down to. Field
// order here is field order in the lock file.

import type { BranchPattern, Job, NeedsEntry, RunsOn, RunsOnSelector, Workflow } from '../sdk';

type Fields = Record<string, unknown>;

/** SDK tag → type in the lock, and the fields in lock order (`a=b` reads b, `?` may be absent). */
const shapes: Record<string, [type: string, fields: string, git: boolean]> = {
  PrTrigger: ['pr', 'events targetBranches sourceBranches paths', true],
  TagTrigger: ['tag', 'patterns', true],
  CommentTrigger: ['comment', 'actions source bodyMatch', true],
  ReviewTrigger: ['review', 'actions states', true],
  ReviewCommentTrigger: ['review_comment', 'actions', true],
  ReleaseTrigger: ['release', 'actions', true],
  DispatchTrigger: ['dispatch', 'types', true],
  CreateTrigger: ['create', 'refTypes patterns', true],
  DeleteTrigger: ['delete', 'refTypes patterns', true],
  StatusTrigger: ['status', 'contexts states', true],
  WorkflowRunTrigger: ['workflow_run', 'actions workflows conclusions', true],
  ForkTrigger: ['fork', '', true],
  StarTrigger: ['star', 'actions', true],
  WatchTrigger: ['watch', 'actions', true],
  WebhookTrigger: ['webhook', 'events actions', true],
  KiciEventTrigger: ['kici_event', 'eventName=name match not source', false],
  WorkflowCompleteTrigger: ['workflow_complete', 'name status source', false],
  JobCompleteTrigger: ['job_complete', 'workflow job status source', false],
  GenericWebhookTrigger: ['generic_webhook', 'source events match not auth path', false],
  ScheduleTrigger: ['schedule', 'cronExpression=cron timezone description', false],
  LifecycleTrigger: ['lifecycle', 'events sources description', false],
};

/** The triggers of a workflow as the lock holds them. */
export function lockTriggers(workflow: Workflow): Fields[] {
  return (workflow.on ?? []).flatMap((t) => lockTrigger(t as unknown as Fields));
}

export function lockTrigger(t: Fields): Fields[] {
  if (t['_tag'] === 'PushTrigger') return lockPush(t);
  const shape = shapes[t['_tag'] as string];
  if (shape === undefined) throw new TypeError(`'${String(t['_tag'])}' is not a trigger of this version of the SDK`);
  const [type, names, git] = shape;
  const out: Fields = { _type: type };
  for (const name of names.split(' ').filter(Boolean)) {
    const [to, from = to] = name.split('=') as [string, string?];
    const value = from === 'auth' ? lockAuth(t[from] as Fields | undefined) : t[from];
    if (value !== undefined && !(from === 'description' && value === '')) out[to] = value;
  }
  return [git ? withRepos(out, t) : out];
}

/** Branches and tags are two triggers; tags alone must not match branch pushes. */
function lockPush(t: Fields): Fields[] {
  const [branches, tags] = [t['branches'] as BranchPattern[], t['tags'] as BranchPattern[]];
  const out: Fields[] = [];
  if (tags.length === 0 || branches.length > 0) out.push(withRepos({ _type: 'push', branches, paths: t['paths'] }, t));
  if (tags.length > 0) out.push(withRepos({ _type: 'tag', patterns: tags }, t));
  return out;
}

function withRepos(out: Fields, t: Fields): Fields {
  const repos = t['repos'] as BranchPattern[] | undefined;
  return repos === undefined || repos.length === 0 ? out : { ...out, repos };
}

function lockAuth(auth: Fields | undefined): Fields | undefined {
  if (auth === undefined) return undefined;
  const out: Fields = { method: auth['method'], secret: auth['secret'] };
  if (auth['method'] === 'hmac-sha256') out['signatureHeader'] = auth['signatureHeader'];
  else if (auth['header']) out['header'] = auth['header'];
  return out;
}

/** The label of jobs that name none. */
export const DEFAULT_LABEL = 'default';

export interface NormalRunsOn {
  labels: string[];
  exclude: string[];
  /** The author gave no runsOn; the compiler warns about it. */
  defaulted: boolean;
}

export function normalRunsOn(runsOn: RunsOn | undefined): NormalRunsOn {
  if (runsOn === undefined) return { labels: [DEFAULT_LABEL], exclude: [], defaulted: true };
  if (typeof runsOn === 'string' || Array.isArray(runsOn)) return { labels: list(runsOn), exclude: [], defaulted: false };
  const selector = runsOn as RunsOnSelector; // Array.isArray does not narrow readonly arrays away
  return { labels: list(selector.labels), exclude: list(selector.exclude ?? []), defaulted: false };
}

function list(v: string | readonly string[]): string[] {
  return typeof v === 'string' ? [v] : [...v];
}

/** One need: of a job, or of a group. `explicit`: the author wrote a failure policy. */
export type NormalNeed =
  | { kind: 'job'; name: string; ifFailed: 'skip' | 'run'; explicit: boolean }
  | { kind: 'group'; group: string; ifFailed: 'skip' | 'run' };

/** nameOf gives the lock name of a job object, or of a job's own name. */
export function normalNeeds(job: Job, nameOf: (ref: Job | string) => string): NormalNeed[] {
  return job.needs.map((entry: NeedsEntry): NormalNeed => {
    if (typeof entry === 'string') return { kind: 'job', name: nameOf(entry), ifFailed: 'skip', explicit: false };
    if ('_tag' in entry) return { kind: 'job', name: nameOf(entry as Job), ifFailed: 'skip', explicit: false };
    const ifFailed = entry.ifFailed ?? 'skip';
    if ('group' in entry) return { kind: 'group', group: entry.group, ifFailed };
    return { kind: 'job', name: nameOf(entry.name), ifFailed, explicit: entry.ifFailed !== undefined };
  });
}

/** Needs as the lock holds them. */
export function lockNeeds(needs: NormalNeed[]): unknown[] {
  return needs.map((n) => {
    if (n.kind === 'group') return { group: n.group, ifFailed: n.ifFailed };
    return n.explicit ? { name: n.name, ifFailed: n.ifFailed } : n.name;
  });
}

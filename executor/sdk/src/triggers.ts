// The 22 trigger factories. Each returns a frozen object with frozen lists;
// `lock.ts` turns them into what the lock file holds.

import type { Check, Options } from './check';
import { trigger } from './trigger';
import type * as t from '../sdk';

const prEvents = [
  'opened', 'synchronize', 'reopened', 'closed', 'assigned', 'unassigned', 'labeled', 'unlabeled', 'edited',
  'converted_to_draft', 'ready_for_review', 'locked', 'unlocked', 'review_requested', 'review_request_removed',
  'auto_merge_enabled', 'auto_merge_disabled',
] as const;
const prDefaults = ['opened', 'synchronize', 'reopened', 'closed'];
const commentActions = ['created', 'edited', 'deleted'];

/** Moves an accepted alias to the option it stands for. */
function alias(c: Check, o: Options, from: string, to: string): Options {
  if (o[from] === undefined) return o;
  if (o[to] !== undefined) c.say(from, `is another name of '${to}'; give only one of them`, to);
  return { ...o, [to]: o[from] };
}

export function pr(config?: t.PrConfigInput): t.PrTriggerConfig {
  const known = ['events', 'target', 'source', 'paths', 'repos', 'branches', 'actions'];
  return trigger('pr', config, known, (c, input) => {
    const o = alias(c, alias(c, input, 'branches', 'target'), 'actions', 'events');
    return {
      _tag: 'PrTrigger',
      events: o['events'] === undefined ? [...prDefaults] : c.oneOf(o, 'events', prEvents),
      targetBranches: c.patterns(o, 'target'),
      sourceBranches: c.patterns(o, 'source'),
      paths: paths(c, o),
      repos: c.patterns(o, 'repos'),
    };
  });
}

/** paths takes globs only, as a list: a lone string is a slip that would match nothing. */
function paths(c: Check, o: Options): t.BranchPattern[] {
  const list = c.strings(o, 'paths');
  return list.filter((p) => typeof p === 'string').map((pattern) => Object.freeze({ type: 'glob' as const, pattern }));
}

export function push(config?: t.PushConfigInput): t.PushTriggerConfig {
  return trigger('push', config, ['branches', 'tags', 'paths', 'repos'], (c, o) => ({
    _tag: 'PushTrigger',
    branches: c.patterns(o, 'branches'),
    tags: c.patterns(o, 'tags'),
    paths: paths(c, o),
    repos: c.patterns(o, 'repos'),
  }));
}

export function tag(config?: t.TagConfigInput): t.TagTriggerConfig {
  return trigger('tag', config, ['patterns', 'repos', 'tags'], (c, input) => {
    const o = alias(c, input, 'tags', 'patterns');
    return { _tag: 'TagTrigger', patterns: c.patterns(o, 'patterns'), repos: c.patterns(o, 'repos') };
  });
}

export function comment(config?: t.CommentConfigInput): t.CommentTriggerConfig {
  return trigger('comment', config, ['actions', 'source', 'bodyMatch', 'repos'], (c, o) => {
    const fields: Options = { _tag: 'CommentTrigger', actions: c.oneOf(o, 'actions', commentActions) };
    if (o['source'] !== undefined) {
      c.member('source', o['source'], ['issue', 'pr']);
      fields['source'] = o['source'];
    }
    if (o['bodyMatch'] !== undefined) fields['bodyMatch'] = c.pattern('bodyMatch', o['bodyMatch'])[0];
    fields['repos'] = c.patterns(o, 'repos');
    return fields;
  });
}

export function review(config?: t.ReviewConfigInput): t.ReviewTriggerConfig {
  return trigger('review', config, ['actions', 'states', 'repos'], (c, o) => ({
    _tag: 'ReviewTrigger',
    actions: c.oneOf(o, 'actions', ['submitted', 'edited', 'dismissed']),
    states: c.oneOf(o, 'states', ['approved', 'changes_requested', 'commented', 'dismissed']),
    repos: c.patterns(o, 'repos'),
  }));
}

/** The factories that differ only in name, tag and the actions they know. */
function actionTrigger(factory: string, tagName: string, allowed: readonly string[]) {
  return (config?: object): any =>
    trigger(factory, config, ['actions', 'repos'], (c, o) => ({
      _tag: tagName,
      actions: c.oneOf(o, 'actions', allowed),
      repos: c.patterns(o, 'repos'),
    }));
}

export const reviewComment: typeof t.reviewComment = actionTrigger('reviewComment', 'ReviewCommentTrigger', commentActions);
export const release: typeof t.release = actionTrigger('release', 'ReleaseTrigger', [
  'published', 'unpublished', 'created', 'edited', 'deleted', 'prereleased', 'released',
]);
export const star: typeof t.star = actionTrigger('star', 'StarTrigger', ['created', 'deleted']);
export const watch: typeof t.watch = actionTrigger('watch', 'WatchTrigger', ['started']);

export function dispatch(config?: t.DispatchConfigInput): t.DispatchTriggerConfig {
  return trigger('dispatch', config, ['types', 'repos'], (c, o) => ({
    _tag: 'DispatchTrigger',
    types: c.strings(o, 'types'),
    repos: c.patterns(o, 'repos'),
  }));
}

function refTrigger(factory: string, tagName: string) {
  return (config?: object): any =>
    trigger(factory, config, ['refTypes', 'patterns', 'repos'], (c, o) => ({
      _tag: tagName,
      refTypes: c.oneOf(o, 'refTypes', ['branch', 'tag']),
      patterns: c.patterns(o, 'patterns'),
      repos: c.patterns(o, 'repos'),
    }));
}

export const create: typeof t.create = refTrigger('create', 'CreateTrigger');
/** Exported as `delete`, which is no legal name for a binding. */
export const del: (config?: t.DeleteConfigInput) => t.DeleteTriggerConfig = refTrigger('delete', 'DeleteTrigger');

export function status(config?: t.StatusConfigInput): t.StatusTriggerConfig {
  return trigger('status', config, ['contexts', 'states', 'repos'], (c, o) => ({
    _tag: 'StatusTrigger',
    contexts: c.strings(o, 'contexts'),
    states: c.oneOf(o, 'states', ['error', 'failure', 'pending', 'success']),
    repos: c.patterns(o, 'repos'),
  }));
}

export function workflowRun(config?: t.WorkflowRunConfigInput): t.WorkflowRunTriggerConfig {
  return trigger('workflowRun', config, ['actions', 'workflows', 'conclusions', 'repos'], (c, o) => ({
    _tag: 'WorkflowRunTrigger',
    actions: c.oneOf(o, 'actions', ['requested', 'completed', 'in_progress']),
    workflows: c.strings(o, 'workflows'),
    conclusions: c.strings(o, 'conclusions'), // providers keep adding values, so the set stays open
    repos: c.patterns(o, 'repos'),
  }));
}

export function fork(config?: t.ForkConfigInput): t.ForkTriggerConfig {
  return trigger('fork', config, ['repos'], (c, o) => ({ _tag: 'ForkTrigger', repos: c.patterns(o, 'repos') }));
}

export function webhook(config: t.WebhookConfigInput): t.WebhookTriggerConfig {
  return trigger('webhook', config, ['events', 'actions', 'repos'], (c, o) => ({
    _tag: 'WebhookTrigger',
    events: someStrings(c, o, 'events'),
    actions: c.strings(o, 'actions'),
    repos: c.patterns(o, 'repos'),
  }));
}

function someStrings(c: Check, o: Options, key: string): string[] {
  const v = o[key];
  if (v === undefined || (Array.isArray(v) && v.length === 0)) {
    c.add(key, v, 'an array with at least one entry');
    return [];
  }
  return c.strings(o, key);
}

// The triggers that do not come from a git host: internal events, schedules,
// webhooks of other services.

import type { Check, Options } from './check';
import { trigger } from './trigger';
import type * as t from '../sdk';

/** JSONPath → expected value; the compiler checks the paths themselves. */
function matcher(c: Check, o: Options, key: string): unknown {
  const v = o[key];
  if (v === undefined) return undefined;
  if (typeof v !== 'object' || v === null || Array.isArray(v)) {
    c.add(key, v, "an object of JSONPath: value, such as { '$.env': 'prod' }");
    return undefined;
  }
  return Object.freeze({ ...v });
}

function given(c: Check, o: Options, key: string, read: () => string[]): string[] | undefined {
  return o[key] === undefined ? undefined : read();
}

export function kiciEvent(config: t.KiciEventConfigInput): t.KiciEventTriggerConfig {
  return trigger('kiciEvent', config, ['name', 'match', 'not', 'source'], (c, o) => ({
    _tag: 'KiciEventTrigger',
    name: c.required(o, 'name'),
    match: matcher(c, o, 'match'),
    not: matcher(c, o, 'not'),
    source: c.string(o, 'source'),
  }));
}

export function workflowComplete(config?: t.WorkflowCompleteConfigInput): t.WorkflowCompleteTriggerConfig {
  return trigger('workflowComplete', config, ['name', 'status', 'source'], (c, o) => ({
    _tag: 'WorkflowCompleteTrigger',
    name: c.string(o, 'name'),
    status: given(c, o, 'status', () => c.oneOf(o, 'status', ['success', 'failed', 'cancelled'])),
    source: c.string(o, 'source'),
  }));
}

export function jobComplete(config?: t.JobCompleteConfigInput): t.JobCompleteTriggerConfig {
  return trigger('jobComplete', config, ['workflow', 'job', 'status', 'source'], (c, o) => ({
    _tag: 'JobCompleteTrigger',
    workflow: c.string(o, 'workflow'),
    job: c.string(o, 'job'),
    status: given(c, o, 'status', () => c.oneOf(o, 'status', ['success', 'failed', 'cancelled', 'skipped'])),
    source: c.string(o, 'source'),
  }));
}

export function genericWebhook(config: t.GenericWebhookConfigInput): t.GenericWebhookTriggerConfig {
  return trigger('genericWebhook', config, ['source', 'events', 'match', 'not', 'auth', 'path'], (c, o) => ({
    _tag: 'GenericWebhookTrigger',
    source: c.required(o, 'source'),
    events: given(c, o, 'events', () => c.strings(o, 'events')),
    match: matcher(c, o, 'match'),
    not: matcher(c, o, 'not'),
    auth: webhookAuth(c, o),
    path: c.string(o, 'path'),
  }));
}

function webhookAuth(c: Check, o: Options): unknown {
  const v = o['auth'];
  if (v === undefined) return undefined;
  const hmac = (v as Options | null)?.['method'] === 'hmac-sha256';
  const auth = c.options(v, ['method', 'secret', hmac ? 'signatureHeader' : 'header'], 'auth');
  c.member('auth.method', auth['method'], ['hmac-sha256', 'api-key']);
  if (typeof auth['secret'] !== 'string' || auth['secret'] === '') c.add('auth.secret', auth['secret'], 'the name of a secret');
  if (hmac && (typeof auth['signatureHeader'] !== 'string' || auth['signatureHeader'] === '')) {
    c.add('auth.signatureHeader', auth['signatureHeader'], 'the header that carries the signature');
  }
  return Object.freeze({ ...auth });
}

export function schedule(config: t.ScheduleConfigInput): t.ScheduleTriggerConfig {
  return trigger('schedule', config, ['cron', 'timezone'], (c, o) => ({
    _tag: 'ScheduleTrigger',
    cron: c.required(o, 'cron'),
    timezone: c.string(o, 'timezone') ?? 'UTC',
  }));
}

const lifecycleEvents = ['workflow_complete', 'job_complete', 'job_failed', 'registration_updated'];

export function lifecycle(config: t.LifecycleConfigInput): t.LifecycleTriggerConfig {
  return trigger('lifecycle', config, ['events', 'sources'], (c, o) => {
    const events = o['events'];
    const missing = events === undefined || (Array.isArray(events) && events.length === 0);
    if (missing) c.add('events', events, `at least one of ${lifecycleEvents.join(', ')}`);
    return {
      _tag: 'LifecycleTrigger',
      events: missing ? [] : c.oneOf(o, 'events', lifecycleEvents),
      sources: given(c, o, 'sources', () => c.strings(o, 'sources')),
    };
  });
}

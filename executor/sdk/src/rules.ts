// Rules: labelled conditions, evaluated one after the other.

import { Check } from './check';
import type { EventPayload, Rule, RuleCheckFn, RuleContext, RuleEvaluationResult, RuleResult } from '../sdk';

export function rule(label: string, check: RuleCheckFn = () => true): Rule {
  return makeRule('rule', label, check, check);
}

export function skip(label: string, check: RuleCheckFn): Rule {
  return makeRule('skip', label, check, async (ctx: RuleContext) => !(await check(ctx)));
}

function makeRule(factory: string, label: string, given: unknown, check: RuleCheckFn): Rule {
  const c = new Check(factory, typeof label === 'string' ? label : undefined);
  if (typeof label !== 'string') c.add('label', label, 'a string');
  if (typeof given !== 'function') c.add('check', given, 'a function that returns true or false');
  c.done();
  return { _tag: 'Rule', label, check };
}

/** Runs rules in order and stops at the first that does not hold. A check that throws does not hold. */
export async function evaluateRules(
  rules: readonly Rule[],
  context: RuleContext,
  _label: string,
  onRuleResult?: (result: RuleResult) => void,
): Promise<RuleEvaluationResult> {
  const results: RuleResult[] = [];
  for (const r of rules) {
    const result = await evaluateRule(r, context);
    results.push(result);
    onRuleResult?.(result);
    if (!result.passed) return { allPassed: false, results };
  }
  return { allPassed: true, results };
}

async function evaluateRule(r: Rule, context: RuleContext): Promise<RuleResult> {
  const start = Date.now();
  try {
    const passed = (await r.check(context)) as boolean;
    return { label: r.label, passed, durationMs: Date.now() - start };
  } catch (e) {
    const error = e instanceof Error ? e.message : String(e);
    return { label: r.label, passed: false, durationMs: Date.now() - start, error };
  }
}

export function isEventType<T extends EventPayload['type']>(
  event: EventPayload,
  type: T,
): event is Extract<EventPayload, { type: T }> {
  return event.type === type;
}

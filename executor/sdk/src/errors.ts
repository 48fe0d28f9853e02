// The one error type of every factory. It is thrown where the author's code
// calls the factory, so its stack points at the line to mend; the data beside
// the text lets the compiler draw a code frame without parsing messages.

import { callSite } from 'kici:host';
import type { DefinitionProblem, SourceLocation } from '../sdk';

/** Thrown by factories. A TypeError, because what was passed has the wrong shape. */
export class DefinitionError extends TypeError {
  override readonly name = 'DefinitionError';
  readonly factory: string;
  readonly subject: string | undefined;
  readonly problems: DefinitionProblem[];

  constructor(factory: string, subject: string | undefined, problems: DefinitionProblem[]) {
    super(describe(factory, subject, problems));
    this.factory = factory;
    this.subject = subject;
    this.problems = problems;
  }
}

/**
 * Throws the error, unless the compiler listens: it takes every problem of a
 * file in one load, so the factory goes on with what it was given.
 */
export function raise(error: DefinitionError): void {
  const listener = (globalThis as any)[Symbol.for('kici:problems')];
  if (typeof listener !== 'function') throw error;
  listener(error);
}

function describe(factory: string, subject: string | undefined, problems: DefinitionProblem[]): string {
  const head = subject === undefined ? `${factory}()` : `${factory}('${subject}')`;
  if (problems.length === 1) return `${head}: ${problems[0]!.message}`;
  return `${head}: ${problems.length} problems\n${problems.map((p) => `  - ${p.message}`).join('\n')}`;
}

/** Shows a value the way an author wrote it, in one short line. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${clip(value)}'`;
  if (typeof value === 'function') return `a function`;
  if (value === null || value === undefined) return String(value);
  if (value instanceof RegExp) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `an array of ${value.length}`;
  if (typeof value !== 'object') return `${String(value)} (${typeof value})`;
  const tag = (value as { _tag?: unknown })._tag;
  return typeof tag === 'string' ? `a ${tag}` : 'an object';
}

function clip(text: string): string {
  return text.length > 60 ? text.slice(0, 57) + '…' : text;
}

/** The known name nearest to what was typed, when it is near enough to be a slip. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(typed.length / 3)) + 1;
  for (const candidate of known) {
    const d = distance(typed.toLowerCase(), candidate.toLowerCase());
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  return best;
}

function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(row[j - 1]! + 1, previous[j]! + 1, previous[j - 1]! + swap);
    }
    previous = row;
  }
  return previous[b.length]!;
}

/**
 * The author's line that called a factory. The runtime leaves the SDK's own
 * frames out of what it counts, so the innermost frame is the author's.
 */
export function locate(): SourceLocation | undefined {
  return callSite(0);
}

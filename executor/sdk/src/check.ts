// Checking what an author passed to a factory. A Check gathers every problem
// of one call and throws them together, so that one compile shows them all.

import { DefinitionError, nearest, raise, show } from './errors';
import type { BranchPattern, DefinitionProblem } from '../sdk';

export type Options = Record<string, unknown>;

export class Check {
  private readonly problems: DefinitionProblem[] = [];

  constructor(
    private readonly factory: string,
    private readonly subject?: string,
  ) {}

  add(field: string, given: unknown, expected: string, hint?: string): void {
    const tail = hint === undefined ? '' : `; ${hint}`;
    const message = `${field === '' ? '' : field + ': '}got ${show(given)}, expected ${expected}${tail}`;
    this.problems.push({ field, message, given: show(given), expected, suggestion: hint });
  }

  /** Reports a problem that is more than a wrong type. */
  say(field: string, message: string, suggestion?: string): void {
    this.problems.push({ field, message: `${field}: ${message}`, suggestion });
  }

  done(): void {
    if (this.problems.length > 0) raise(new DefinitionError(this.factory, this.subject, this.problems));
  }

  /** An options object with known keys only; anything else becomes a problem and {}. */
  options(value: unknown, known: readonly string[], field = ''): Options {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.add(field, value, 'an options object');
      return {};
    }
    const keys = Object.keys(value);
    for (let i = 0; i < keys.length; i++) {
      if (!known.includes(keys[i]!)) this.unknownKey(join(field, keys[i]!), keys[i]!, known);
    }
    return value as Options;
  }

  private unknownKey(field: string, key: string, known: readonly string[]): void {
    const near = nearest(key, known);
    const hint = near === undefined ? `known options: ${known.join(', ')}` : `did you mean '${near}'?`;
    this.problems.push({ field, message: `unknown option '${key}'; ${hint}`, given: key, suggestion: near });
  }

  string(o: Options, key: string): string | undefined {
    const v = o[key];
    if (v === undefined || v === null) return undefined;
    if (typeof v === 'string') return v;
    this.add(key, v, 'a string');
    return undefined;
  }

  /** A string that must be there and must not be blank. */
  required(o: Options, key: string): string {
    const v = o[key];
    if (typeof v === 'string' && v.trim() !== '') return v;
    this.add(key, v, 'a non-empty string');
    return '';
  }

  boolean(o: Options, key: string): boolean | undefined {
    const v = o[key];
    if (v === undefined || typeof v === 'boolean') return v;
    this.add(key, v, 'true or false');
    return undefined;
  }

  /** A positive, finite number of `unit`. */
  positive(o: Options, key: string, unit: string, field = key): number | undefined {
    const v = o[key];
    if (v === undefined) return undefined;
    if (typeof v === 'number' && Number.isFinite(v) && v > 0) return v;
    this.add(field, v, `a positive number of ${unit}`);
    return undefined;
  }

  strings(o: Options, key: string, field = key): string[] {
    const v = o[key];
    if (v === undefined || v === null) return [];
    if (!Array.isArray(v)) {
      this.add(field, v, 'an array of strings', typeof v === 'string' ? `write ['${v}']` : undefined);
      return [];
    }
    v.forEach((item, i) => {
      if (typeof item !== 'string' || item === '') this.add(`${field}[${i}]`, item, 'a non-empty string');
    });
    return [...v] as string[];
  }

  /** A list whose items come from a closed set. */
  oneOf(o: Options, key: string, allowed: readonly string[]): string[] {
    const items = this.strings(o, key);
    items.forEach((item, i) => this.member(`${key}[${i}]`, item, allowed));
    return items;
  }

  member(field: string, value: unknown, allowed: readonly string[]): void {
    if (typeof value === 'string' && (value === '' || allowed.includes(value))) return;
    const near = typeof value === 'string' ? nearest(value, allowed) : undefined;
    this.add(field, value, `one of ${allowed.join(', ')}`, near && `did you mean '${near}'?`);
  }

  func(o: Options, key: string): ((...args: any[]) => unknown) | undefined {
    const v = o[key];
    if (v === undefined || typeof v === 'function') return v as any;
    this.add(key, v, 'a function');
    return undefined;
  }

  /** Glob strings and regular expressions, one or many, as a list of patterns. */
  patterns(o: Options, key: string, field = key): BranchPattern[] {
    const v = o[key];
    if (v === undefined || v === null) return [];
    if (!Array.isArray(v)) return this.pattern(field, v);
    return v.flatMap((item, i) => this.pattern(`${field}[${i}]`, item));
  }

  pattern(field: string, v: unknown): BranchPattern[] {
    if (v instanceof RegExp) {
      const regex = { type: 'regex' as const, pattern: v.source };
      return [Object.freeze(v.flags === '' ? regex : { ...regex, flags: v.flags })];
    }
    if (typeof v === 'string' && v !== '' && v !== '!') return [Object.freeze({ type: 'glob' as const, pattern: v })];
    this.add(field, v, 'a non-empty glob or a RegExp');
    return [];
  }

  /** A flat object whose values are strings. */
  stringMap(v: unknown, field: string): void {
    if (typeof v !== 'object' || v === null || Array.isArray(v)) return this.add(field, v, 'an object of strings');
    for (const [key, item] of Object.entries(v)) {
      if (typeof item !== 'string') this.add(join(field, key), item, 'a string');
    }
  }

  /** Calls visit for every item; a value that is no array is a problem. */
  each(o: Options, key: string, expected: string, visit: (item: unknown, field: string) => void): void {
    const v = o[key];
    if (v === undefined) return;
    if (!Array.isArray(v)) return this.add(key, v, `an array of ${expected}`, 'wrap it in [ ]');
    v.forEach((item, i) => visit(item, `${key}[${i}]`));
  }
}

/**
 * Copies the known options that are given, in the order of known. Factories run
 * hundreds of times while a file loads, and an iterator costs the engine ten
 * times what an index does; so do the loops of Check.
 */
export function pick(into: Options, from: Options, known: readonly string[]): void {
  for (let i = 0; i < known.length; i++) {
    const value = from[known[i]!];
    if (value !== undefined) into[known[i]!] = value;
  }
}

export function join(field: string, key: string): string {
  return field === '' ? key : `${field}.${key}`;
}

/** True for objects of ours that carry the given tag, whichever copy of the SDK made them. */
export function tagged(value: unknown, tag: string): boolean {
  return typeof value === 'object' && value !== null && (value as { _tag?: unknown })._tag === tag;
}

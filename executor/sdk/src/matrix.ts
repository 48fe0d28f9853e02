// Matrix expansion: one job, many instances.

import type { MatrixExclude, MatrixInclude, MatrixValues, StaticMatrixArray, StaticMatrixObject } from '../sdk';

/** How many instances one job may have. */
export const MAX_MATRIX = 256;

export function isStaticArray(m: unknown): m is StaticMatrixArray {
  return Array.isArray(m);
}

export function isStaticObject(m: unknown): m is StaticMatrixObject {
  return typeof m === 'object' && m !== null && !Array.isArray(m);
}

export function isDynamicFunction(m: unknown): m is (...args: any[]) => any {
  return typeof m === 'function';
}

/** Every combination. Dimensions are taken in sorted order; the last one turns fastest. */
export function expandMatrix(matrix: StaticMatrixArray | StaticMatrixObject): MatrixValues[] {
  if (isStaticArray(matrix)) return matrix.map((value) => ({ value }));
  const dimensions = Object.keys(matrix).sort(compareNames);
  if (dimensions.length === 0) return [];
  let combinations: MatrixValues[] = [{}];
  for (const name of dimensions) {
    combinations = combinations.flatMap((c) => matrix[name]!.map((value) => ({ ...c, [name]: value })));
  }
  return combinations;
}

/**
 * The order of dimensions decides the names of instances, so it must not
 * depend on the machine's locale: letters first without regard to case, lower
 * case before upper, as an English locale sorts.
 */
function compareNames(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  if (x !== y) return x < y ? -1 : 1;
  return a === b ? 0 : a > b ? -1 : 1;
}

/** Removes what an exclude matches, then adds includes that are not there yet. */
export function applyIncludeExclude(
  values: MatrixValues[],
  include: readonly MatrixInclude[] = [],
  exclude: readonly MatrixExclude[] = [],
): MatrixValues[] {
  const kept = values.filter((v) => !exclude.some((e) => matches(v, e)));
  for (const extra of include) {
    if (Object.keys(extra).length > 0 && !kept.some((v) => same(v, extra))) kept.push({ ...extra });
  }
  return kept;
}

function matches(values: MatrixValues, pattern: Record<string, string>): boolean {
  const keys = Object.keys(pattern);
  return keys.length > 0 && keys.every((key) => values[key] === pattern[key]);
}

function same(a: MatrixValues, b: Record<string, string>): boolean {
  return Object.keys(a).length === Object.keys(b).length && matches(a, b);
}

/** The part in brackets of an instance's name: its values in the order of their keys. */
export function matrixSuffix(values: MatrixValues): string {
  return Object.values(values).join(', ');
}

/** Throws unless value is what a matrix function may return. */
export function checkMatrixValue(value: unknown, jobName: string): StaticMatrixArray | StaticMatrixObject {
  const lists = isStaticObject(value) ? Object.values(value) : [value];
  const fine = lists.every((list) => Array.isArray(list) && list.every((item) => typeof item === 'string'));
  if (fine) return value as StaticMatrixArray | StaticMatrixObject;
  throw new TypeError(`matrix of job '${jobName}': the function must return string[] or { dimension: string[] }`);
}

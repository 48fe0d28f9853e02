// The SDK as one program with two faces: sdk is '@kici-dev/sdk', internal is
// '@kici-dev/sdk/internal'. sdk.go tells how the modules are made from it.

import { cacheSpecSchema } from './definitions';
import * as surface from './index';
import * as plumbing from './internal';

/** Adds exports that load zod when they are read: most workflows never do. */
function withZod(face: Record<string, unknown>): Record<string, unknown> {
  let schema: unknown;
  return Object.defineProperties(face, {
    z: { enumerable: true, get: () => require('zod').z },
    CacheSpecSchema: { enumerable: true, get: () => (schema ??= cacheSpecSchema(require('zod').z)) },
  });
}

export const sdk = withZod({ ...surface });
export const internal = plumbing;

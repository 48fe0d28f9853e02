// Never bundled: makes the type checker compare what index.ts exports with
// what sdk.d.ts promises, name by name.

import type * as published from '../sdk';
import * as implemented from './index';

type Lazy = 'z' | 'CacheSpecSchema'; // entry.ts adds them
type Symbols = `DYNAMIC_${string}_TAG`; // each file's `unique symbol` is its own type

export const surface: Omit<typeof published, Lazy | Symbols> = implemented;
export const nothingMore: { [K in Exclude<keyof typeof implemented, keyof typeof published>]: never } = {};

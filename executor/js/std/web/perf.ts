// performance, as far as a script needs it.

declare const __native: { now(): number; origin: number };

const entries: any[] = [];

export const performance: any = {
  timeOrigin: __native.origin,
  now: () => __native.now(),
  mark(name: string, o: any = {}) {
    const e = { name: String(name), entryType: 'mark', startTime: o.startTime ?? __native.now(), duration: 0, detail: o.detail ?? null };
    entries.push(e);
    return e;
  },
  measure(name: string, from?: any, to?: any) {
    const at = (m: any, other: number) => {
      if (m === undefined) return other;
      if (typeof m === 'number') return m;
      const e = entries.findLast((x) => x.entryType === 'mark' && x.name === m);
      if (!e) throw new SyntaxError('The "' + m + '" performance mark has not been set');
      return e.startTime;
    };
    const o = typeof from === 'object' && from !== null ? from : { start: from, end: to };
    const start = at(o.start, 0), end = at(o.end, __native.now());
    const e = { name: String(name), entryType: 'measure', startTime: start, duration: end - start, detail: o.detail ?? null };
    entries.push(e);
    return e;
  },
  getEntries: () => [...entries],
  getEntriesByName: (n: string, t?: string) => entries.filter((e) => e.name === n && (!t || e.entryType === t)),
  getEntriesByType: (t: string) => entries.filter((e) => e.entryType === t),
  clearMarks(n?: string) { drop('mark', n); },
  clearMeasures(n?: string) { drop('measure', n); },
  toJSON: () => ({ timeOrigin: __native.origin }),
};

function drop(type: string, name?: string) {
  for (let i = entries.length - 1; i >= 0; i--) {
    if (entries[i].entryType === type && (name === undefined || entries[i].name === name)) entries.splice(i, 1);
  }
}

// Assertions of the cases; a CommonJS body.
const text = (v) => JSON.stringify(v, (_, x) => (x === undefined ? '<undefined>' : x)) ?? String(v);
exports.same = (got, want, note = '') => {
  if (text(got) !== text(want)) throw new Error(`${note} got ${text(got)}, want ${text(want)}`);
};
exports.throws = (fn, pattern) => {
  try { fn(); } catch (e) {
    if (!pattern.test(e.message)) throw new Error(`threw '${e.message}', want ${pattern}`);
    return e;
  }
  throw new Error(`nothing was thrown, want ${pattern}`);
};
exports.rejects = async (promise, pattern) => {
  let error;
  try { await promise; } catch (e) { error = e; }
  return exports.throws(() => { if (error) throw error; }, pattern);
};

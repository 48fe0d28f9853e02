// want [1,2,3,"done"]
async function* g() { yield 1; yield 2; try { yield 3 } finally { out.push("done") } }
const out: unknown[] = []
for await (const x of g()) out.push(x)
export const result = out

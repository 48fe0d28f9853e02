// want [1,1,"fs"]
const m = await import("./lib/one.js")
const [n, fs] = await Promise.all([import("./lib/one"), import("node:fs")])
export const result = [m.one, n.one, (fs as any).name]

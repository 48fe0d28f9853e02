// want [1,2]
const a = await Promise.resolve(1)
const { b } = await import("./lib/tla.js")
export const result = [a, b]

// want [[0,1,2],"caught"]
class R { async *[Symbol.asyncIterator]() { for (let i = 0; i < 3; i++) yield i } }
const got: number[] = []
for await (const x of new R()) got.push(x)
let c = ""
try { for await (const _ of (async function* () { throw new Error("caught") })()) { } } catch (e) { c = (e as Error).message }
export const result = [got, c]

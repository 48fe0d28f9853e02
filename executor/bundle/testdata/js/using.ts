// want ["body","b","a","async"]
const out: string[] = []
{
  using a = { [Symbol.dispose]() { out.push("a") } }
  using b = { [Symbol.dispose]() { out.push("b") } }
  out.push("body")
}
{ await using c = { async [Symbol.asyncDispose]() { out.push("async") } } }
export const result = out

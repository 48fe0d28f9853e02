// want ["helper","named","method"]
function helper() {}
const named = () => 1
const o = { method() {} }
export const result = [helper.name, named.name, o.method.name]

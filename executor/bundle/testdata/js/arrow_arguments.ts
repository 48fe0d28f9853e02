// want [3,"abc",2]
function f(...rest: number[]) { const g = () => arguments.length; return g() }
function h(s: string) { return [1].map(() => arguments[0])[0] }
class C { m(_a: number, _b: number) { return (() => (() => arguments.length)())() } }
export const result = [f(1, 2, 3), h("abc"), new C().m(1, 2)]

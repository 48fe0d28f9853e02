// want [["method:m","class:C"],6]
const log: string[] = []
function cls(_v: unknown, c: ClassDecoratorContext) { log.push("class:" + String(c.name)) }
function double(v: () => number, c: ClassMethodDecoratorContext) { log.push("method:" + String(c.name)); return function (this: unknown) { return v.call(this) * 2 } }
@cls class C { @double m() { return 3 } }
export const result = [log, new C().m()]

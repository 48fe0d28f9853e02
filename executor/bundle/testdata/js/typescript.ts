// want [1,"B",4,"x",5,"const"]
enum E { A, B }
const enum K { One = "const" }
namespace N { export const v = 4; export namespace In { export const w = "x" } }
class P { constructor(public readonly n: number, private _q = 1) {} }
abstract class Q<T> { abstract f(): T }
const g = <T,>(x: T): T => x satisfies T
export const result = [E.B, E[E.B], N.v, N.In.w, g(new P(5).n), K.One]

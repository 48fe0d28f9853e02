// want [1,"d",true,[3,2,1],"x"]
class A { #p = 1; static s: string; static { A.s = "d" } get p() { return this.#p } has(o: object) { return #p in o } }
const q: { a?: { b: string } } = {}
export const result = [new A().p, A.s, new A().has(new A()), [1, 2, 3].toReversed(), (q.a?.b ?? "x")]

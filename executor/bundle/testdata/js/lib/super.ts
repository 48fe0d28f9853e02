class A {
  async *g() { yield 1; }
  async m() { return 5; }
  get p() { return 7; }
}
export class B extends A {
  async *g() {
    yield* super.g();
    yield await super.m();
    const f = async () => super.p;
    yield await f();
  }
  async x() { const f = () => super.m(); return f(); }
}

export const double = (n: number): number => n * 2;
export default (n: number) => n + 1;

export function need(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`set ${name} first`);
  return value;
}

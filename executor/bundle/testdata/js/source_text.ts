// want "(ctx) => ctx.branch === \"main\" ? [\"a\"] : []"
export const f = (ctx: { branch: string }) => ctx.branch === "main" ? ["a"] : []
export const result = f.toString()

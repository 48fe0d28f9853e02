export const b = await Promise.resolve(2)

export const mts = "mts"

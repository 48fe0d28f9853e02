export const js = "js"

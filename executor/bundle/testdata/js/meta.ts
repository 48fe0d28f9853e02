// want ["file:///run/meta.ts","/run","/run/meta.ts","/run/lib","/run"]
import { where } from "./lib/where.ts"
export const result = [import.meta.url, import.meta.dirname, import.meta.filename, where, __dirname]

// want ["cjs",true,"cjs"]
import dep from "dep"
import { kind } from "dep"
export const result = [dep.kind, dep.dir.endsWith("node_modules/dep"), kind]

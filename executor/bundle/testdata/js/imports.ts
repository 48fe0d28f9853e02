// want [1,{"k":[1,2]},"js","mts",[1,2]]
import { one } from "./lib/one.js"
import data from "./lib/data.json"
import data2 from "./lib/data.json" with { type: "json" }
import { js } from "./lib/plain.js"
import { mts } from "./lib/m.mjs"
export const result = [one, data, js, mts, data2.k]

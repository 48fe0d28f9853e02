// want ["a>b","b>a"]
import { fromB } from "./lib/cycle_b"
export const name = () => "a"
export const fromA = () => name() + ">b"
export const result = [fromA(), fromB()]

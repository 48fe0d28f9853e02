import { name } from "../cycle"
export const fromB = () => "b>" + name()

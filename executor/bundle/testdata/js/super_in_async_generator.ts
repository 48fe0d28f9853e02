// want [1,5,7,5]
import { B } from './lib/super'
const out: number[] = []
for await (const v of new B().g()) out.push(v)
export const result = [...out, await new B().x()]

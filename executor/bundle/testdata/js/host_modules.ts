// want ["fs","fs/promises","path","@kici-dev/sdk","zod"]
import fs from "node:fs"
import * as fsp from "fs/promises"
import { name } from "path"
import { name as sdk } from "@kici-dev/sdk"
import { name as z, type ZodType } from "zod"
export const result = [(fs as any).name, (fsp as any).name, name, sdk, z]

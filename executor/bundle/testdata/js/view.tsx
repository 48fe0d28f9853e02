// want {"tag":"b","kids":["hi"]}
const h = (tag: string, _p: unknown, ...kids: string[]) => ({ tag, kids })
/** @jsx h */
export const result = <b>hi</b>

import { begin, goOn, type Kill } from './run.ts'

/** `child.ts AT WHEN [RUN]`, in the working directory: ends itself at a record of its journal, if it has so many. */
const [at, when, runId] = process.argv.slice(2)
const kill: Kill = { at: Number(at), when: when as Kill['when'] }
if (runId === undefined) await begin(kill)
else await goOn(runId, kill)

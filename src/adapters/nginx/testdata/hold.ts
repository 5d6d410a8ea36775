/** Runs a configuration, prints the pid of its nginx, and waits to be killed: `node hold.ts CONF BARRIER`. */
import { relocate } from '../../../nginx/relocate.ts'
import { instances } from '../../isolation/instances.ts'
import { createNginxPort } from '../port.ts'
import { readConfiguration } from '../read-config.ts'

const [file, barrier] = process.argv.slice(2)
const detected = await instances.detectBarrier()
const port = {
  ...instances,
  detectBarrier: async () => (barrier === 'none' ? { ...detected, kind: 'none' as const } : detected),
}
const { pid } = await createNginxPort({ instances: port }).start(relocate(await readConfiguration(file!)))
process.stdout.write(`${pid}\n`)
setInterval(() => {}, 60_000)

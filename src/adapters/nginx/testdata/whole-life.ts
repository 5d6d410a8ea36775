/** A configuration tested and run by whoever starts this, with what came of it as JSON on stdout: `node whole-life.ts CONF`. */
import { relocate } from '../../../nginx/relocate.ts'
import { instances } from '../../isolation/instances.ts'
import { createNginxPort } from '../port.ts'
import { readConfiguration } from '../read-config.ts'

const nginx = createNginxPort({ instances })
const source = relocate(await readConfiguration(process.argv[2]!))
const verdict = await nginx.test(source)
const running = await nginx.start(source)
const { status, text } = await running.through(source.listens[0]!.address, { host: 'edge.example' }).request('/')
const log = await running.log()
const { left } = await running.stop()
process.stdout.write(JSON.stringify({ verdict, status, text, log, left }))

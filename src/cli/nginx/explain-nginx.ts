import { RunproofError } from '../../model/error.ts'
import { effective } from '../../nginx/effective/effective.ts'
import { explainedDocument, explainedLines } from '../../nginx/report/explained.ts'
import type { Asked, Effective } from '../../nginx/view.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { ExplainFlags } from '../commands/nginx.ts'
import { readNginx, showPlace, WIDTH } from './read-nginx.ts'

/** Prints what becomes of one request. */
export async function explainNginx(file: string, path: string, flags: ExplainFlags): Promise<number> {
  if (!path.startsWith('/'))
    throw new RunproofError('USAGE', `${path} is no path of a request`, {
      hint: `runproof nginx explain ${file} /v1/status`,
    })
  try {
    const { configuration } = await readNginx(file)
    const whole = effective(configuration)
    const { scheme, method } = flags
    const view = whole.view({ scheme, method, path, host: flags.host ?? firstName(whole, scheme) })
    if (flags.json === true) process.stdout.write(`${JSON.stringify(explainedDocument(view, whole), null, 2)}\n`)
    else for (const line of explainedLines(view, whole, WIDTH)) process.stdout.write(`${terminalLine(line)}\n`)
    return 0
  } catch (thrown) {
    throw flags.json === true ? thrown : await showPlace(thrown)
  }
}

/** The first name of a server that passes something on by this scheme, else of any. */
function firstName(whole: Effective, scheme: Asked['scheme']): string {
  const names = whole.servers
    .filter(({ listens }) => listens.some(({ tls }) => tls === (scheme === 'https')))
    .flatMap(({ names }) => names.filter(name => /^[a-z0-9][a-z0-9.-]*$/i.test(name)))
  return names.find(host => whole.view({ scheme, host, path: '/' }).action.kind === 'proxy') ?? names[0] ?? 'localhost'
}

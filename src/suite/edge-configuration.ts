import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { capture } from '../model/capture.ts'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import { bracketed } from '../model/host-text.ts'
import type { NginxSource } from '../model/nginx.ts'
import type { ParamSpec } from '../model/runbook.ts'
import { asWhole } from '../nginx/as-whole.ts'
import type { Configuration } from '../nginx/ast.ts'
import { changeConfiguration, written } from '../nginx/change.ts'
import { effective } from '../nginx/effective/effective.ts'
import { readIncludes } from '../nginx/includes.ts'
import { printConfig } from '../nginx/print.ts'
import { relocate } from '../nginx/relocate.ts'
import { type Survey, survey } from '../nginx/survey.ts'
import type { Effective, Listen } from '../nginx/view.ts'
import { readWaivers, type Waivers } from '../nginx/waivers.ts'

/** The configuration that comes with runproof. */
const OURS = join(import.meta.dirname, '..', '..', 'nginx', 'runproof.conf')

export const edgeParams: Readonly<Record<string, ParamSpec>> = {
  config: {
    describe: 'the nginx configuration to judge and to run; of a daemon of the suite’s own, runproof’s by default',
    example: '/etc/nginx/nginx.conf',
    refuse: value => (value.startsWith('/') ? undefined : 'expected an absolute path'),
  },
  waivers: {
    describe: 'rules that somebody chose not to keep in it, with reasons and days, as runproof nginx check takes them',
    example: '/etc/runproof/waivers.json',
    refuse: value => (value.startsWith('/') ? undefined : 'expected an absolute path'),
  },
  host: {
    describe: 'the name that clients ask the proxy by; the first one of the configuration that leads to the daemon',
    example: 'daemon.example.com',
    refuse: value => (/^[a-z0-9.-]+$/i.test(value) ? undefined : 'expected a name without a port'),
  },
}

/** A configuration, and all that is said of it before it runs. */
export interface EdgeConfiguration {
  readonly configuration: Configuration
  readonly effective: Effective
  readonly survey: Survey
  /** What is run: the same, but for TLS on the way to the daemon, which speaks none here. */
  readonly source: NginxSource
  /** Where clients ask: as in the source, as in a view, and whether HTTP/2 is spoken there. */
  readonly front: {
    readonly address: string
    readonly listen: { readonly address: string; readonly port: number }
    readonly http2: boolean
  }
  /** What clients ask for. */
  readonly host: string
  /** Of pages that are served there. */
  readonly origin: string
  readonly waivers: Waivers | undefined
}

export const edgeConfiguration = capture<EdgeConfiguration>('edge-configuration', 'the configuration of the proxy')

/**
 * Reads the configuration that is to be judged.
 *
 * @param onRecord - told digests of what was read
 * @throws RunproofError FILE_UNREADABLE, WAIVERS_INVALID, CONFIG_INVALID, also when it passes nothing on to the daemon by TLS
 */
export async function readEdgeConfiguration(
  context: CheckContext,
  onRecord: (name: string, sha256: string) => void = () => {},
): Promise<EdgeConfiguration> {
  const { params, target, tools } = context
  const file = params['waivers']
  const waivers =
    file === undefined ? undefined : readWaivers(file, await tools.files.readText(file), target.edge, tools.clock.now())
  const read = readIncludes(params['config'] ?? OURS, tools.configFiles)
  for (const [name, digest] of digestsOf(read)) onRecord(name, digest)
  return describeEdge(context, asWhole(read), waivers)
}

/** Of the main file, and of what `sha256sum` says of all that it includes. */
function* digestsOf({ files: [main, ...included] }: Configuration): Generator<readonly [name: string, sha256: string]> {
  const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')
  if (main !== undefined) yield ['config.sha256', sha256(printConfig(main))]
  if (included.length === 0) return
  const lines = included.map(file => `${sha256(printConfig(file))}  ${file.path}\n`)
  yield ['config.included.sha256', sha256(lines.sort().join(''))]
}

/** The same for a configuration that was changed. */
export function describeEdge(
  { params, target }: CheckContext,
  configuration: Configuration,
  waivers?: Waivers,
): EdgeConfiguration {
  const whole = effective(configuration)
  const surveyed = survey(whole, target.edge, params['host'])
  const front = surveyed.surveyed.find(({ scheme }) => scheme === 'https')
  if (front === undefined) {
    throw new RunproofError(
      'CONFIG_INVALID',
      `${configuration.files[0]?.path} passes nothing on to the daemon by TLS`,
      {
        hint: `${surveyed.notJudged.join('; ') || 'it has no such server'}; another name: --param host=NAME`,
      },
    )
  }
  const listen = front.server.listens.find(({ tls, port }) => tls && port !== undefined)
  if (listen === undefined)
    throw new RunproofError('INTERNAL', `${front.host} is asked by TLS, and nothing listens for it`)
  const { port } = listen
  const source = runnable(configuration)
  const address = listenAddress(listen)
  return {
    configuration,
    effective: whole,
    survey: surveyed,
    source,
    front: {
      address,
      listen: { address: listen.address, port: port! },
      http2: source.listens.some(one => one.address === address && one.http2),
    },
    host: front.host,
    origin: `https://${front.host}${port === 443 ? '' : `:${port}`}`,
    waivers,
  }
}

/** As the copy of a configuration names where it listens. */
export function listenAddress({ address, port }: Listen): string {
  return `${bracketed(address)}:${port}`
}

/** A configuration as it can be run in front of what speaks no TLS. */
export function runnable(configuration: Configuration): NginxSource {
  return relocate(
    changeConfiguration(configuration, directive => {
      const [to] = directive.args
      if (directive.name.text !== 'proxy_pass' || to === undefined || !/^https:/i.test(to.text)) return undefined
      return written(`proxy_pass "${to.text.replace(/^https:/i, 'http:')}";`, directive)
    }),
  )
}

/** Whether it goes to the daemon by TLS, which is then judged by its rules alone. */
export function hasTlsUpstream({ survey: { requests } }: EdgeConfiguration): boolean {
  return requests.some(({ view: { action } }) => action.kind === 'proxy' && action.upstream.scheme === 'https')
}

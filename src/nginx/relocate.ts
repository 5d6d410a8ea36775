import type { Listening, NginxSource } from '../model/nginx.ts'
import type { Configuration, Directive } from './ast.ts'
import { expand } from './expand.ts'
import { splitPassed } from './relocate/destination.ts'
import { addressOf, DEFAULT_ADDRESS, listeningAt } from './relocate/listening.ts'
import { type Context, walk } from './relocate/tree.ts'
import { writeCopy } from './relocate/write-copy.ts'

const RUNS_CODE = /_by_lua(?:_block|_file)?$|^(?:lua|perl|js|passenger)(?:_|$)/
/** Besides options of `listen`, what makes a server speak TLS (before 1.25.1) and HTTP/2 (since then). */
type Switch = 'ssl' | 'http2'
const isSwitch = (name: string): name is Switch => name === 'ssl' || name === 'http2'

/** What a certificate can name. */
const DNS_NAME = /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i

/**
 * A configuration as something that can be run in a private place and reaches nothing outside it: other ports, paths,
 * certificates and upstreams, and everything else as it is written.
 */
export function relocate(configuration: Configuration): NginxSource {
  const listens = new Map<string, Listening>()
  const names = new Set<string>()
  let key: NginxSource['key'] = 'ec-p256'
  const code: NginxSource['code'][number][] = []
  const upstreams = new Map<string, string>()
  const passed: (readonly [address: string, scheme: string])[] = []

  const servers: (readonly [address: string, context: Context])[] = []
  const switches = new Map<Directive, Partial<Record<Switch, boolean>>>()

  const listen = (address: string | undefined, directive: Pick<Directive, 'args'>, context: Context) => {
    if (address === undefined) return
    servers.push([address, context])
    const added = listeningAt(address, directive, context[0]?.name.text === 'http' ? 'http' : 'other')
    const known = listens.get(address)
    listens.set(address, {
      ...added,
      tls: added.tls || known?.tls === true,
      http2: added.http2 || known?.http2 === true,
    })
  }

  for (const [directive, context] of walk(configuration)) {
    const { name, args, body } = directive
    const inServer = context.at(-1)?.name.text === 'server'
    if (RUNS_CODE.test(name.text)) code.push(name.at)
    if (name.text === 'ssl_ciphers' && onlyForRsa(args[0]?.text ?? '')) key = 'rsa-2048'
    if (inServer && name.text === 'listen') listen(addressOf(args[0]?.text ?? ''), directive, context)
    const around = context.at(-1)
    if (around !== undefined && isSwitch(name.text)) {
      switches.set(around, { ...switches.get(around), [name.text]: args[0]?.text.toLowerCase() === 'on' })
    }
    if (inServer && name.text === 'server_name') {
      for (const { text } of args) for (const one of certifiable(text)) names.add(one)
    }
    if (/_pass$/.test(name.text) && args[0] !== undefined) {
      const { scheme, address } = splitPassed(args[0].text)
      passed.push([address.toLowerCase(), scheme.replace('://', '') || name.text.replace(/_pass$/, '')])
    }
    if (body.kind !== 'block') continue
    if (name.text === 'upstream' && args[0] !== undefined) upstreams.set(args[0].text.toLowerCase(), 'http')
    const listensSomewhere = () => expand(configuration, body.directives).some(one => one.name.text === 'listen')
    if (name.text === 'server' && context.length === 1 && context[0]!.name.text === 'http' && !listensSomewhere()) {
      listen(DEFAULT_ADDRESS, { args: [] }, [...context, directive])
    }
  }
  for (const [address, context] of servers) {
    // The innermost that says anything.
    const isOn = (what: Switch) =>
      context.map(one => switches.get(one)?.[what]).findLast(on => on !== undefined) === true
    const known = listens.get(address)!
    listens.set(address, { ...known, tls: known.tls || isOn('ssl'), http2: known.http2 || isOn('http2') })
  }
  for (const [address, scheme] of passed) if (upstreams.has(address)) upstreams.set(address, scheme)

  return {
    file: configuration.files[0]?.path ?? '',
    listens: [...listens.values()],
    names: [...names],
    key,
    code,
    copy: place => writeCopy(configuration, place, upstreams),
  }
}

/** Whether every cipher of a list that names them one by one is authenticated by RSA. */
function onlyForRsa(ciphers: string): boolean {
  const named = ciphers.split(/[: ,]/).filter(one => one !== '' && !/^[!@-]/.test(one))
  return named.length > 0 && named.every(one => /^(?:ECDHE-RSA|DHE-RSA|AES\d+)-/.test(one))
}

function certifiable(name: string): string[] {
  const both = name.startsWith('.') ? [name.slice(1), `*${name}`] : [name]
  return both.filter(one => DNS_NAME.test(one)).map(one => one.toLowerCase())
}

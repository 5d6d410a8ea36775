import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { ConfigFile, Directive } from '../src/nginx/ast.ts'
import { effective } from '../src/nginx/effective/effective.ts'
import { whatUpstreamGets } from '../src/nginx/effective/upstream-gets.ts'
import { parseConfig } from '../src/nginx/parse.ts'
import type { Asked, Effective, View } from '../src/nginx/view.ts'
import { generate, randomPath } from './nginx-matrix/generate.ts'
import { type Answer, type Sent, startLive } from './nginx-matrix/live.ts'
import { Random } from './nginx-matrix/random.ts'

const skip = spawnSync('nginx', ['-v']).status === 0 ? false : 'this machine has no nginx'
const SEEDS = [1, 2, 10]
const SERVERS = 60
const PER_SERVER = 20
const AT_ONCE = 16
const METHODS = ['GET', 'GET', 'GET', 'POST', 'HEAD', 'DELETE']
const HOSTS = [
  'a.test',
  'b.a.test',
  'x.b.test',
  'y.x.b.test',
  'b.test',
  'c.org',
  'c.d.org',
  'c.b.test',
  'd12.test',
  'dx.test',
  'e.test',
]

describe('the effective view agrees with a real nginx', { skip }, () => {
  for (const seed of SEEDS) {
    test(`on server, location, path, headers and answer of generated requests, seed ${seed}`, async t => {
      await using live = await startLive(places => generate(seed, SERVERS, places))
      const file = parseConfig('nginx.conf', Buffer.from(live.text))
      const view = effective({ files: [file], included: new Map<Directive, ConfigFile[]>() })
      const views = questions(new Random(seed), view)
        .map(asked => view.view(asked))
        .filter(({ action }) => !(action.kind === 'files' && action.how === 'try_files'))
      const wrong: object[] = []
      await inParallel(views, async view => {
        const claimed = claim(view)
        const seen = told(view, claimed, await live.ask(sentBy(view.asked)))
        if (isDeepStrictEqual(claimed, seen)) return
        const { asked, location, uncertain } = view
        wrong.push({ asked, location: `${location?.text} at line ${location?.at.line}`, uncertain, claimed, seen })
      })
      t.diagnostic(`${views.length} requests of ${SERVERS} servers`)
      assert.ok(views.length > SERVERS * PER_SERVER * 0.9, 'hardly any question was left')
      assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${views.length} differ`)
    })
  }
})

/** Each server by its own name at each of its addresses, and by names that several have. */
function questions(random: Random, { servers }: Effective): Asked[] {
  return servers.flatMap((server, index) =>
    Array.from({ length: PER_SERVER }, () => {
      const { address, port, tls } = random.pick(server.listens)
      const host = random.chance(0.7) ? `s${index}.test` : random.pick(HOSTS)
      const asked: Asked = {
        scheme: tls ? 'https' : 'http',
        host,
        listen: { address, port: port ?? 0 },
        path: randomPath(random),
        method: random.pick(METHODS),
        headers: headers(random, host, port),
      }
      return asked
    }),
  )
}

function headers(random: Random, host: string, port: number | undefined): Record<string, string> {
  return {
    host: random.pick([host, `${host}:${port ?? 80}`, host.toUpperCase(), `${host}.`]),
    'x-case': String(random.count(9)),
    ...(random.chance(0.7) ? { authorization: 'Bearer sent' } : {}),
    ...(random.chance(0.5) ? { origin: random.pick(['https://own.test', 'https://foreign.test']) } : {}),
    ...(random.chance(0.4) ? { 'x-forwarded-for': '192.0.2.1' } : {}),
    ...(random.chance(0.3) ? { upgrade: 'websocket' } : {}),
    ...(random.chance(0.3) ? { x_under: 'score' } : {}),
    ...(random.chance(0.3) ? { cookie: 'b=1; c=2' } : {}),
  }
}

function sentBy({ scheme, listen, method, path, headers }: Asked): Sent {
  const { address, port } = listen!
  return {
    address: address!,
    port: port === 0 ? undefined : port,
    tls: scheme === 'https',
    method: method!,
    path,
    headers: headers!,
  }
}

/** What comes of a request, as far as both sides can tell. */
interface Account {
  readonly ends: string
  readonly status: number | undefined
  /** What `add_header` made, by name. */
  readonly added: Readonly<Record<string, string>>
  /** What the upstream saw. */
  readonly upstream: object | undefined
}

const ADDED = ['x-http', 'x-place', 'x-more']
const WITHOUT_ALWAYS = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308]

function claim(view: View): Account {
  const { action } = view
  const upstream = whatUpstreamGets(view, Object.keys(view.asked.headers ?? {}))
  const status = statusOf(view)
  const added =
    view.status === 444
      ? []
      : view
          .listed('add_header')
          .filter(({ args }) => args[2] === 'always' || (status !== undefined && WITHOUT_ALWAYS.includes(status)))
          .map(({ args }): [string, string] => [args[0]!.toLowerCase(), asHeader(view.fill(args[1]!).text)])
          .filter(([, value]) => value !== '')
  return {
    ends: action.kind === 'return' ? `return ${asHeader(action.text ?? '')}` : action.kind,
    status,
    added: Object.fromEntries(added),
    upstream: upstream && {
      port: portOf(action),
      method: upstream.method,
      path: upstream.path,
      httpVersion: upstream.httpVersion,
      headers: [...upstream.headers]
        .flatMap(([name, header]): [string, string][] => {
          const sent = view.asked.headers?.[name]
          if (header.kind === 'removed') return []
          if (header.kind === 'passed') return sent === undefined ? [] : [[name, sent]]
          return header.values.map(({ text }) => [name, asHeader(withClient(text, view))])
        })
        .map(header => header.join(': '))
        .sort(),
    },
  }
}

/** Of files nothing is said, since none is there; an image is only for those who get it. */
function statusOf({ action, method, status }: View): number | undefined {
  if (action.kind === 'files' || status === 444) return undefined
  if (action.kind === 'module' && method !== 'GET' && method !== 'HEAD') return 405
  return status ?? 200
}

function portOf(action: View['action']): number | undefined {
  return action.kind === 'proxy' ? Number(action.upstream.servers[0]?.address.split(':').at(-1)) : undefined
}

/** As it looks once it was sent: bytes, one a character, without blanks at the ends. */
function asHeader(text: string): string {
  return Buffer.from(text).toString('latin1').trim()
}

/** The one thing that a view does not know. */
function withClient(text: string, { asked }: View): string {
  const client = asked.listen?.address?.startsWith('/') ? 'unix:' : '127.0.0.1'
  const before = asked.headers?.['x-forwarded-for']
  return text
    .replace('$remote_addr', client)
    .replace('$proxy_add_x_forwarded_for', before === undefined ? client : `${before}, ${client}`)
}

/** What was seen, as far as the claim speaks of it. */
function told({ action: { kind } }: View, account: Account, answer: Answer): Account {
  const { status, headers, arrived } = answer
  const added = ADDED.filter(name => headers[name] !== undefined).map(name => [name, String(headers[name])])
  return {
    ends: arrived !== undefined ? 'proxy' : kind !== 'return' ? kind : `return ${textOf(answer, account.ends)}`,
    // Not an answer at all, or one of a file that is not there.
    status: account.status === undefined && kind === 'files' ? undefined : status,
    added: Object.fromEntries(added),
    upstream: arrived && {
      port: arrived.port,
      method: arrived.method,
      path: arrived.url,
      httpVersion: arrived.httpVersion,
      headers: pairs(arrived.rawHeaders)
        .filter(([name]) => !/^(?:content-length|transfer-encoding)$/i.test(name))
        .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
        .sort(),
    },
  }
}

/** What came with an answer of nginx itself; its own pages and what has no body say nothing of the configuration. */
function textOf({ status, headers, body }: Answer, claimed: string): string {
  if (headers.location !== undefined) return Buffer.from(headers.location, 'latin1').toString('latin1')
  if (status === 204 || body === '' || body.startsWith('<html>')) return claimed.slice('return '.length)
  return body.trim()
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2]!, raw[index * 2 + 1]!])
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of left) await work(item)
    }),
  )
}

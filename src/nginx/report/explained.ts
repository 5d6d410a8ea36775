import { withoutCredentials } from '../../findings/credentials.ts'
import { wrap } from '../../findings/wrap.ts'
import type { Json } from '../../model/check.ts'
import type { Position } from '../ast.ts'
import { whatClientGets } from '../effective/client-gets.ts'
import { type ArrivingHeader, whatUpstreamGets } from '../effective/upstream-gets.ts'
import { ownOrigins } from '../rules/origin.ts'
import type { Action, Effective, Setting, View } from '../view.ts'

const ALWAYS = ['client_max_body_size', 'auth_basic', 'gzip', 'limit_rate', 'merge_slashes', 'server_tokens']
const OVER_TLS = ['ssl_protocols', 'ssl_ciphers']
const PASSED_ON = [
  ...['proxy_buffering', 'proxy_request_buffering', 'proxy_cache', 'proxy_http_version', 'proxy_connect_timeout'],
  ...['proxy_read_timeout', 'proxy_send_timeout', 'proxy_next_upstream', 'proxy_pass_request_headers'],
  ...['proxy_pass_request_body', 'proxy_intercept_errors', 'proxy_ignore_client_abort'],
]
const TO_TLS = ['proxy_ssl_verify', 'proxy_ssl_trusted_certificate', 'proxy_ssl_name', 'proxy_ssl_protocols']

/** Settings that decide about this request, by name. */
function settingsOf(view: View): readonly (readonly [string, Setting])[] {
  const { action, asked } = view
  const names = [
    ...(action.kind === 'proxy' ? PASSED_ON : []),
    ...(action.kind === 'proxy' && action.upstream.scheme === 'https' ? TO_TLS : []),
    ...ALWAYS,
    ...(asked.scheme === 'https' ? OVER_TLS : []),
  ]
  return names.map(name => [name, view.setting(name)] as const)
}

/** One table of three columns: what, its value, and where that was said. */
type Row = readonly [what: string, value: string, where: string]

/** For people: everything that is known of what becomes of one request. */
export function explainedLines(view: View, whole: Pick<Effective, 'view'>, width: number): readonly string[] {
  const { asked, server, chosenBy, location, action, uncertain } = view
  const why = chosenBy === 'name' ? 'it has that name' : 'no server there has that name, and it is the default one'
  const upstream = whatUpstreamGets(view)
  const client = whatClientGets(view)
  const rows: readonly Row[] = [
    ['server', `${server.names.join(' ') || '(no name)'}: ${why}`, placeText(server.at)],
    ['location', location?.text ?? 'none, the server itself', location === undefined ? '' : placeText(location.at)],
    ['action', actionText(action), action.at === undefined ? '' : placeText(action.at)],
    ...(action.kind === 'proxy'
      ? action.upstream.servers.map(
          ({ address, options, at }): Row => ['upstream', [address, ...options].join(' '), placeText(at)],
        )
      : []),
    ...(upstream === undefined
      ? []
      : [['asked for', `${upstream.method} ${upstream.path ?? 'what variables decide'}`, ''] as const]),
  ]
  return [
    `${view.asked.method ?? 'GET'} ${asked.scheme}://${asked.host || '(no name)'}${asked.path}`,
    ...table(rows),
    'settings',
    ...table(settingsOf(view).map(([name, setting]) => [name, valueText(setting.args), whereText(setting)])),
    ...(upstream === undefined
      ? []
      : [
          'headers the upstream gets',
          ...table(
            [...upstream.headers].flatMap(([name, header]): readonly Row[] =>
              name === 'origin'
                ? origins(view, whole).map(([origin, arrives]) => [
                    name,
                    `${origin} ${arrives}`,
                    optionalPlace(header.at),
                  ])
                : [[name, arrivingText(name, header), optionalPlace(header.at)]],
            ),
          ),
        ]),
    'headers the client gets',
    ...table([
      ...client.added.map(
        ({ name, value, always, at }): Row => [
          name.toLowerCase(),
          `${shown(name, value.text)}${always ? '' : ' (not with errors)'}`,
          placeText(at),
        ],
      ),
      ...(client.carried === undefined ? [] : [['kept back', client.carried.hidden.join(', '), ''] as const]),
    ]),
    'uncertain',
    ...(uncertain.length === 0 ? ['  nothing'] : uncertain.flatMap(text => wrap(text, width, '  '))),
  ]
}

const WHAT_WIDTH = 26
const VALUE_WIDTH = 30

function table(rows: readonly Row[]): readonly string[] {
  return rows.map(([what, value, where]) =>
    `  ${what.padEnd(WHAT_WIDTH)} ${value.padEnd(where === '' ? 0 : VALUE_WIDTH)} ${where}`.trimEnd(),
  )
}

function actionText(action: Action): string {
  if (action.kind === 'proxy') {
    const { scheme, name, dynamic } = action.upstream
    return `proxy_pass ${scheme}://${name}${dynamic ? ', which variables decide' : ''}`
  }
  if (action.kind === 'return') return `return ${action.status} ${action.text ?? ''}`.trimEnd()
  return action.kind === 'files' ? `${action.how} ${action.text}` : action.directive
}

/** What becomes of the gateway's own origins and of another one: a map may tell them apart. */
function origins(view: View, whole: Pick<Effective, 'view'>): readonly (readonly [origin: string, arrives: string])[] {
  return [...ownOrigins(view), 'https://elsewhere.example'].flatMap(origin => {
    const asked = whole.view({ ...view.asked, headers: { ...view.asked.headers, origin } })
    const header = whatUpstreamGets(asked)?.headers.get('origin')
    if (header === undefined) return []
    const arrives = arrivingText('origin', header)
    return [[origin, arrives === origin ? 'as the client sends it' : arrives] as const]
  })
}

/** A value without the credential it may be. */
function shown(name: string, value: string): string {
  return withoutCredentials(`${name} ${value}`).slice(name.length + 1)
}

function arrivingText(name: string, header: ArrivingHeader): string {
  if (header.kind === 'passed') return 'as the client sends it'
  return header.kind === 'removed' ? 'taken away' : header.values.map(({ text }) => shown(name, text)).join(', ')
}

function valueText(args: readonly string[]): string {
  return args.length === 0 ? '-' : args.map(arg => (arg === '' ? '""' : arg)).join(' ')
}

function whereText({ level, at }: Setting): string {
  return at === undefined ? 'default' : `${placeText(at)} (${level})`
}

function optionalPlace(at: Position | undefined): string {
  return at === undefined ? 'default' : placeText(at)
}

function placeText({ file, line }: Position): string {
  return `${file}:${line}`
}

/** What becomes of one request as one document, `runproof-nginx-explain-1`. */
export function explainedDocument(view: View, whole: Pick<Effective, 'view'>): Json {
  const { asked, server, chosenBy, location, action, upstreamPath, uncertain } = view
  const upstream = whatUpstreamGets(view)
  const client = whatClientGets(view)
  return {
    schema: 'runproof-nginx-explain-1',
    asked: { scheme: asked.scheme, host: asked.host, method: asked.method ?? 'GET', path: asked.path },
    server: { names: [...server.names], chosenBy, at: place(server.at) },
    location: location === undefined ? null : { text: location.text, at: place(location.at) },
    action: { kind: action.kind, text: actionText(action), at: place(action.at) },
    upstream:
      action.kind === 'proxy'
        ? {
            scheme: action.upstream.scheme,
            name: action.upstream.name,
            dynamic: action.upstream.dynamic,
            servers: action.upstream.servers.map(({ address, options, at }) => ({
              address,
              options: [...options],
              at: place(at),
            })),
            method: upstream?.method ?? null,
            path: upstreamPath ?? null,
            headers: [...(upstream?.headers ?? [])].map(([name, header]) => ({
              name,
              kind: header.kind,
              values:
                header.kind === 'set'
                  ? header.values.map(({ text, known }) => ({ text: shown(name, text), known }))
                  : [],
              at: place(header.at),
            })),
          }
        : null,
    origins: origins(view, whole).map(([origin, arrives]) => ({ origin, arrives })),
    settings: settingsOf(view).map(([name, { args, level, at }]) => ({ name, args: [...args], level, at: place(at) })),
    client: {
      added: client.added.map(({ name, value, always, at }) => ({
        name,
        value: shown(name, value.text),
        always,
        at: place(at),
      })),
      hidden: [...(client.carried?.hidden ?? [])],
    },
    uncertain: [...uncertain],
  }
}

function place(at: Position | undefined): Json {
  return at === undefined ? null : { file: at.file, line: at.line, column: at.column }
}

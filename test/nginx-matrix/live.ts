import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePorts } from '../../src/adapters/testdata/free-ports.ts'
import { issueLeaf } from '../../src/tls/issue.ts'
import type { Places } from './generate.ts'

/** What an upstream saw of a request. */
export interface Arrived {
  readonly port: number
  readonly method: string
  readonly url: string
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

export interface Answer {
  /** Undefined when the connection was closed without one. */
  readonly status: number | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
  readonly arrived: Arrived | undefined
}

export interface Sent {
  readonly address: string
  /** Undefined for a socket, whose path is the address. */
  readonly port: number | undefined
  readonly tls: boolean
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** Two upstreams that answer with what arrived, and an nginx in front of them. */
export interface Live extends AsyncDisposable {
  readonly text: string
  ask(sent: Sent): Promise<Answer>
}

/**
 * @param write - the configuration for these places; `PORT1` and `PORT2` in it become those of the upstreams
 */
export async function startLive(write: (places: Places) => string): Promise<Live> {
  await using scope = new AsyncDisposableStack()
  const directory = scope.adopt(mkdtempSync(path.join(tmpdir(), 'runproof-matrix-')), one =>
    rmSync(one, { recursive: true }),
  )
  const upstreams = [await startEcho(), await startEcho()] as const
  for (const { server } of upstreams) scope.defer(() => void server.close().closeAllConnections())
  const { certificate, key } = await writeIdentity(directory)
  const root = path.join(directory, 'none')
  const ports = [upstreams[0].port, upstreams[1].port] as const
  let text: string
  do {
    const [shared, other, tls] = await freePorts(3)
    text = write({
      ports: { shared: shared!, other: other!, tls: tls! },
      socket: path.join(directory, 'nginx.sock'),
      upstreams: ports,
      certificate,
      key,
      root,
    })
      .replaceAll('PORT1', String(ports[0]))
      .replaceAll('PORT2', String(ports[1]))
    writeFileSync(path.join(directory, 'nginx.conf'), text)
    // A port may be taken between its choice and its use.
  } while (!(await startNginx(directory, scope)))
  const agents = [new http.Agent({ keepAlive: true }), new https.Agent({ keepAlive: true })] as const
  scope.defer(() => agents.forEach(agent => void agent.destroy()))
  const running = scope.move()
  return {
    text,
    ask: sent => ask(sent, sent.tls ? agents[1] : agents[0]),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** @returns whether it listens; not when another program took one of its ports meanwhile */
async function startNginx(directory: string, scope: AsyncDisposableStack): Promise<boolean> {
  // It writes its pid once it listens.
  const pid = path.join(directory, 'nginx.pid')
  const listening = Promise.withResolvers<true>()
  const watcher = watch(directory, () => {
    if (isWritten(pid)) listening.resolve(true)
  })
  scope.defer(() => watcher.close())
  const log = path.join(directory, 'error.log')
  rmSync(log, { force: true })
  const argv = ['-p', `${directory}/`, '-c', path.join(directory, 'nginx.conf'), '-e', log]
  const nginx = spawn('nginx', argv, { stdio: 'ignore' })
  const exited = once(nginx, 'exit')
  scope.defer(async () => {
    nginx.kill('SIGTERM')
    await exited
  })
  if ((await Promise.race([listening.promise, exited])) === true) return true
  const said = readFileSync(log, 'utf8')
  if (said.includes('Address already in use')) return false
  throw new Error(`nginx ended: ${said.slice(-2000)}`)
}

function isWritten(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').endsWith('\n')
  } catch {
    return false
  }
}

async function startEcho(): Promise<{ server: http.Server; port: number }> {
  const server = http.createServer((request, response) => {
    const { method = '', url = '', httpVersion, rawHeaders } = request
    const arrived: Arrived = { port, method, url, httpVersion, rawHeaders }
    // In a header, since HEAD has no body.
    response.writeHead(200, {
      'x-arrived': Buffer.from(JSON.stringify(arrived)).toString('base64'),
      'content-length': 0,
    })
    response.end()
    request.resume()
  })
  // nginx sends no Host where a configuration makes it empty.
  Object.assign(server, { requireHostHeader: false, keepAliveTimeout: 60_000 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { server, port }
}

async function writeIdentity(directory: string): Promise<{ certificate: string; key: string }> {
  const issued = await issueLeaf('itself', { names: ['a.test'] })
  const certificate = path.join(directory, 'certificate.pem')
  const key = path.join(directory, 'key.pem')
  writeFileSync(certificate, issued.certificatePem)
  writeFileSync(key, issued.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  return { certificate, key }
}

function ask({ address, port, tls, method, path, headers }: Sent, agent: http.Agent): Promise<Answer> {
  const where = port === undefined ? { socketPath: address } : { host: address, port }
  const name = headers['host']?.replace(/:\d+$/, '') ?? ''
  const options = {
    ...where,
    method,
    path,
    headers,
    agent,
    setHost: false,
    servername: name,
    rejectUnauthorized: false,
  }
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const request = (tls ? https : http).request(options, response => {
    let body = ''
    response.setEncoding('latin1').on('data', chunk => (body += chunk))
    response.on('end', () => {
      const { 'x-arrived': arrived, ...rest } = response.headers
      resolve({
        status: response.statusCode,
        headers: rest,
        body,
        arrived: arrived === undefined ? undefined : JSON.parse(Buffer.from(String(arrived), 'base64').toString()),
      })
    })
    response.on('error', reject)
  })
  request.on('error', error => {
    if (/ECONNRESET|socket hang up|unrecognized name/.test(`${Reflect.get(error, 'code')} ${error.message}`))
      resolve({ status: undefined, headers: {}, body: '', arrived: undefined })
    else reject(error)
  })
  request.end()
  return promise
}

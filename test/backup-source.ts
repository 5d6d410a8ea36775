import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { archives } from '../src/adapters/archive/archives.ts'
import { freePort } from '../src/adapters/testdata/free-ports.ts'
import type { Evidence } from '../src/evidence/schema.ts'
import type { ManifestEntry } from '../src/model/archive.ts'
import standIn from '../src/targets/stand-in.ts'

const BINARY = standIn.bundledBinary!
const LAUNCHER = join(import.meta.dirname, '..', 'bin', 'runproof')

const ROUTES = `version = 1
default_route = "main"

[routes.main]
driver = "openai"
default_model = "model-x"
auth_ref = "openai.prod"
`

export type Params = Readonly<Record<string, string | undefined>>

export interface Ended {
  readonly code: number | null
  readonly stderr: string
  /** Undefined when nothing was sealed. */
  readonly evidence: Evidence | undefined
}

/** A source as an operator has it: state, workspace, keys, routes; a daemon that scripts start and stop. */
export class BackupSource {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'backup-source-')))
  readonly state = this.at('state')
  readonly workspace = this.at('workspace')
  readonly masterKeyFile: string
  readonly routesFile: string
  readonly adminTokenFile: string
  #baseUrl = ''
  #runs = 0

  constructor() {
    for (const name of ['keys', 'state', 'workspace', 'home']) mkdirSync(this.at(name), { mode: 0o700 })
    this.masterKeyFile = this.write('keys/master-key', execFileSync(BINARY, ['secrets', 'generate']))
    this.adminTokenFile = this.write('keys/admin-token', randomBytes(24).toString('hex'))
    this.write('keys/readonly-token', randomBytes(24).toString('hex'))
    this.routesFile = this.write('routes.toml', ROUTES)
    const env = { PATH: process.env.PATH, KHEISH_AUTH_STORE_MASTER_KEY_FILE: this.masterKeyFile }
    const root = ['--state-root', this.state]
    execFileSync(BINARY, ['secrets', 'set', 'openai.prod', '--offline', ...root, '--provider', 'openai', '--stdin'], {
      env,
      input: randomBytes(24).toString('hex'),
    })
    const amounts = ['--sessions', '2', '--runs', '4', '--actions', '4', '--until-ms', String(Date.now())]
    execFileSync(BINARY, ['seed', ...root, '--workspace-root', this.workspace, ...amounts], { env })
  }

  at(name: string): string {
    return join(this.root, name)
  }

  write(name: string, content: string | Buffer, mode = 0o600): string {
    writeFileSync(this.at(name), content, { mode })
    return this.at(name)
  }

  /** Files of the source that named it: parameters of every way. */
  get artefacts() {
    return {
      'routes-file': this.routesFile,
      'master-key-file': this.masterKeyFile,
      'admin-token-file': this.adminTokenFile,
      'readonly-token-file': this.at('keys/readonly-token'),
    }
  }

  /** Parameters of a running source; `ready` must have been awaited. */
  get running() {
    return {
      ...this.artefacts,
      binary: BINARY,
      'state-root': this.state,
      'workspace-root': this.workspace,
      'base-url': this.#baseUrl,
      'stop-command': this.at('stop'),
      'start-command': this.at('start'),
      sentinel: 'sentinel.txt',
    }
  }

  /** Starts the daemon with the very script that runproof is given. */
  async ready(): Promise<this> {
    const port = await freePort()
    this.#baseUrl = `http://127.0.0.1:${port}`
    const words = [
      ...['serve', '--bind', `127.0.0.1:${port}`, '--state-root', this.state, '--workspace-root', this.workspace],
      ...['--routes-file', this.routesFile, '--mcp-discovery', 'disabled', '--http-auth-mode', 'bearer'],
      ...['--http-admin-token-file', this.adminTokenFile],
      ...['--http-readonly-token-file', this.at('keys/readonly-token')],
    ]
    const daemon = `echo $$ > ${this.at('pid')}; exec ${BINARY} ${words.join(' ')} </dev/null >${this.at('log')} 2>&1`
    this.script(
      'start',
      `export HOME=${this.at('home')} KHEISH_AUTH_STORE_MASTER_KEY_FILE=${this.masterKeyFile}\nexec setsid --fork sh -c '${daemon}'`,
    )
    this.script('stop', `exec kill -TERM "$(cat ${this.at('pid')})"`)
    execFileSync(this.at('start'))
    await this.serves()
    return this
  }

  /** An executable script for `sh`, for stop and start commands that misbehave. */
  script(name: string, body: string): string {
    return this.write(name, `#!/bin/sh\n${body}\n`, 0o700)
  }

  async serves(): Promise<void> {
    const deadline = Date.now() + 20_000
    while (!(await fetch(`${this.#baseUrl}/readyz`).catch(() => undefined))?.ok) {
      if (Date.now() > deadline) throw new Error(`the source does not serve: ${readFileSync(this.at('log'), 'utf8')}`)
      await sleep(20)
    }
  }

  /** The daemon's process id, as long as it lives. */
  pid(): number | undefined {
    const pid = Number(readFileSync(this.at('pid'), 'utf8'))
    try {
      // A process that ended and that nobody has waited for yet has no words any more.
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '' ? undefined : pid
    } catch {
      return undefined
    }
  }

  /** `runproof run backup --target kheish`, with both approvals unless told otherwise. */
  start(params: Params, flags: readonly string[] = ['--yes', 'kheish', '--confirm', 'kheish']): ChildProcess {
    const given = Object.entries(params).flatMap(([name, value]) =>
      value === undefined ? [] : ['--param', `${name}=${value}`],
    )
    return this.#spawn([
      'run',
      'backup',
      '--target',
      'kheish',
      '--reports',
      this.at(`reports-${++this.#runs}`),
      ...flags,
      ...given,
    ])
  }

  async run(params: Params, flags?: readonly string[]): Promise<Ended> {
    return this.ended(this.start(params, flags), this.#runs)
  }

  /** What became of the last run that was started. */
  async ended(child: ChildProcess, run = this.#runs): Promise<Ended> {
    const [stderr] = await Promise.all([text(child.stderr!), once(child, 'exit')])
    const reports = this.at(`reports-${run}`)
    const sealed = existsSync(reports) ? readdirSync(reports).filter(name => !name.startsWith('.')) : []
    const evidence =
      sealed[0] === undefined
        ? undefined
        : (JSON.parse(readFileSync(join(reports, sealed[0], 'evidence.json'), 'utf8')) as Evidence)
    return { code: child.exitCode, stderr, evidence }
  }

  async gc(): Promise<string> {
    const child = this.#spawn(['gc', '--reports', this.at('reports-gc')])
    const [stdout] = await Promise.all([text(child.stdout!), once(child, 'exit')])
    return stdout
  }

  #spawn(words: readonly string[]): ChildProcess {
    return spawn(LAUNCHER, [...words, '--work', this.at('work')], {
      env: { PATH: process.env.PATH, HOME: this.at('home'), NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  /** Every entry of a tree with its digest, mode, owner and time. */
  async tree(directory: string): Promise<readonly ManifestEntry[]> {
    return (await archives.describeTree(directory)).entries
  }

  readonly noticesDir = this.at('home/.local/state/runproof/stopped-sources')

  /** Notices that tell of a stopped source. */
  notices(): readonly string[] {
    return existsSync(this.noticesDir) ? readdirSync(this.noticesDir) : []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (existsSync(this.at('pid'))) {
      const pid = this.pid()
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
    }
    rmSync(this.root, { recursive: true, force: true })
  }
}

export function checkOf({ evidence, stderr }: Ended, id: string) {
  const check = evidence?.steps.flatMap(step => step.checks).find(one => one.id === id)
  if (check === undefined) throw new Error(`no check ${id} in the evidence:\n${stderr}`)
  return check
}

export function stepOf({ evidence, stderr }: Ended, id: string) {
  const step = evidence?.steps.find(one => one.id === id)
  if (step === undefined) throw new Error(`no step ${id} in the evidence:\n${stderr}`)
  return step
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'

export const LAUNCHER = path.resolve(import.meta.dirname, '../../bin/runproof')
/** A runbook that ends in the way it is told to. */
export const WAYS = path.resolve(import.meta.dirname, '../testdata/ways.ts')

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A user's machine in miniature: a home, a place for scratch data and one for evidence, removed after the tests. */
export class Site {
  readonly root = mkdtempSync(path.join(tmpdir(), 'runproof-cli-'))
  readonly reports = path.join(this.root, 'reports')
  readonly work = path.join(this.root, 'work')
  readonly log = path.join(this.root, 'log')
  env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: path.join(this.root, 'home'),
    RUNPROOF_REPORTS: this.reports,
    RUNPROOF_WORK: this.work,
    ...(process.env.NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
  }

  constructor() {
    mkdirSync(this.log)
    after(() => rmSync(this.root, { recursive: true, force: true }))
  }

  start(words: readonly string[], given: { cwd?: string; env?: NodeJS.ProcessEnv; stdin?: string } = {}): Started {
    const child = spawn(LAUNCHER, words, {
      cwd: given.cwd ?? this.root,
      env: { ...this.env, ...given.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.on('error', () => {})
    child.stdin.end(given.stdin ?? '')
    return new Started(child)
  }

  async run(words: readonly string[], given: Parameters<Site['start']>[1] = {}): Promise<Ended> {
    return this.start(words, given).ended
  }

  /** Runs the runbook of ways. */
  way(way: string, ...words: readonly string[]): Promise<Ended> {
    return this.run(['run', WAYS, '--param', `way=${way}`, `log=${this.log}`, ...words])
  }

  sealed(): readonly string[] {
    return existsSync(this.reports) ? readdirSync(this.reports).sort() : []
  }

  /** The evidence of the one sealed run there is. */
  evidence() {
    const [name, ...more] = this.sealed()
    if (name === undefined || more.length > 0) throw new Error(`expected one run in ${this.sealed()}`)
    return JSON.parse(readFileSync(path.join(this.reports, name, 'evidence.json'), 'utf8'))
  }

  clear(): void {
    for (const directory of [this.reports, this.log]) rmSync(directory, { recursive: true, force: true })
    mkdirSync(this.log)
  }
}

export class Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  readonly #streams = { stdout: '', stderr: '' }

  constructor(child: ChildProcess) {
    this.child = child
    for (const name of ['stdout', 'stderr'] as const)
      child[name]!.setEncoding('utf8').on('data', text => (this.#streams[name] += text))
    this.ended = once(child, 'close').then(([status, signal]) => ({ status, signal, ...this.#streams }))
  }

  /** Settles when standard error holds the text; the run ending before that is an error. */
  async says(text: string): Promise<void> {
    const ended = this.ended.then(({ stderr }) => {
      if (!stderr.includes(text)) throw new Error(`it ended without saying ${text}: ${stderr}`)
    })
    while (!this.#streams.stderr.includes(text)) await Promise.race([once(this.child.stderr!, 'data'), ended])
  }
}

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Evidence } from '../src/evidence/schema.ts'
import { compiledCodeFor } from './compiled-code.ts'

const LAUNCHER = resolve(import.meta.dirname, '..', 'bin', 'runproof')

export interface Drill {
  /** Directory of the runs: home, work and reports of each. */
  readonly root: string
  /** Default: the restore drill. */
  readonly runbook?: string
  readonly target?: string
  readonly params?: Readonly<Record<string, string | undefined>>
  readonly flags?: readonly string[]
  readonly counterproofs?: 'all' | 'observation'
  readonly stdin?: Buffer
  /** User and group to run as, where this process may become it. */
  readonly uid?: number
  readonly workDir?: string
  /** Words before those of the launcher, which they run. */
  readonly within?: readonly string[]
}

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly workDir: string
  readonly reportsDir: string
  /** Names in the reports directory. */
  readonly reports: readonly string[]
}

/** One run of the drill through the launcher, as a user would start it, with a home and a work directory of its own. */
export class RunningDrill {
  readonly child: ChildProcess
  readonly workDir: string
  readonly reportsDir: string
  readonly env: NodeJS.ProcessEnv
  readonly ended: Promise<Ended>
  #stderr = ''
  readonly #waiting: { readonly pattern: RegExp; readonly found: () => void }[] = []

  constructor(drill: Drill) {
    const place = mkdtempSync(join(drill.root, 'run-'))
    this.workDir = drill.workDir ?? join(place, 'work')
    this.reportsDir = join(place, 'reports')
    const home = join(drill.root, 'home')
    mkdirSync(home, { recursive: true })
    const { uid } = drill
    if (uid !== undefined) for (const path of [place, home]) chownSync(path, uid, uid)
    const compiled = compiledCodeFor(uid)
    this.env = {
      PATH: process.env.PATH,
      HOME: home,
      ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
    }
    const params = Object.entries(drill.params ?? {}).filter(([, value]) => value !== undefined)
    const words = [
      ...[
        ...(drill.within ?? []),
        LAUNCHER,
        'run',
        drill.runbook ?? 'restore-drill',
        '--target',
        drill.target ?? 'stand-in',
      ],
      ...['--counterproofs', drill.counterproofs ?? 'observation'],
      ...['--reports', this.reportsDir, '--work', this.workDir],
      ...(drill.flags ?? []),
      ...(params.length === 0 ? [] : ['--param', ...params.map(([name, value]) => `${name}=${value}`)]),
    ]
    this.child = spawn(words[0]!, words.slice(1), {
      cwd: place,
      env: this.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    // A run that ends before it has read everything is no fault of the test.
    this.child.stdin!.on('error', () => {})
    this.child.stdin!.end(drill.stdin)
    createInterface(this.child.stderr!).on('line', line => {
      this.#stderr += `${line}\n`
      for (const one of this.#waiting) if (one.pattern.test(line)) one.found()
    })
    this.ended = this.#end()
  }

  /** Resolves at the first line that matches and is printed from now on; fails when the run ends without one. */
  async line(pattern: RegExp): Promise<void> {
    const { promise, resolve: found } = Promise.withResolvers<void>()
    this.#waiting.push({ pattern, found })
    const missed = this.ended.then(({ stderr }) => assert.fail(`no line ${pattern} was printed:\n${stderr}`))
    missed.catch(() => {})
    await Promise.race([promise, missed])
  }

  async #end(): Promise<Ended> {
    let stdout = ''
    this.child.stdout!.on('data', chunk => {
      stdout += chunk
    })
    const { promise, resolve: closed } = Promise.withResolvers<readonly [number | null, NodeJS.Signals | null]>()
    this.child.on('close', (status, signal) => closed([status, signal]))
    const [status, signal] = await promise
    return {
      status,
      signal,
      stdout,
      stderr: this.#stderr,
      workDir: this.workDir,
      reportsDir: this.reportsDir,
      reports: namesIn(this.reportsDir),
    }
  }
}

export function runDrill(drill: Drill): Promise<Ended> {
  return new RunningDrill(drill).ended
}

/** Sealed evidence of a run; fails with what the run said when there is none. */
export function evidenceOf(ended: Ended): Evidence {
  assert.equal(ended.reports.length, 1, `one report is expected, there are ${ended.reports}:\n${ended.stderr}`)
  return JSON.parse(readFileSync(join(ended.reportsDir, ended.reports[0]!, 'evidence.json'), 'utf8')) as Evidence
}

/** The check of that id; fails when it was not asked. */
export function checkOf(evidence: Evidence, id: string): Evidence['steps'][number]['checks'][number] {
  const check = evidence.steps.flatMap(step => step.checks).find(one => one.id === id)
  return check ?? assert.fail(`check ${id} was not asked; ${evidence.steps.map(one => one.reason ?? one.outcome)}`)
}

/** Ends as passed with sealed evidence, or fails with what went wrong. */
export function assertPassed(ended: Ended): Evidence {
  const evidence = evidenceOf(ended)
  const wrong = evidence.steps.filter(step => step.outcome !== 'passed').map(step => `${step.id}: ${step.reason}`)
  assert.deepEqual([wrong, evidence.outcome, ended.status], [[], 'passed', 0], ended.stderr)
  return evidence
}

/** Another command of the launcher, in the environment of a run. */
export async function runproof(
  env: NodeJS.ProcessEnv,
  words: readonly string[],
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(LAUNCHER, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const { promise, resolve: closed } = Promise.withResolvers<number | null>()
  child.on('close', closed)
  return { status: await promise, stdout, stderr }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

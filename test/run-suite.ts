import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type DaemonProcess, Site } from '../fixtures/kheish-daemon/server/testing/daemon-process.ts'
import type { Evidence } from '../src/evidence/schema.ts'
import { type Drill, type Ended, runDrill } from './run-drill.ts'

/** Runs a smoke suite by its id, as a user would start it, who lets it write to the stand-in where a parameter asks for that. */
export function runSuite(id: string, drill: Omit<Drill, 'runbook'>): Promise<Ended> {
  const { target = 'stand-in', params = {}, flags = [] } = drill
  const approval = target === 'stand-in' && params['allow-write'] === 'yes' ? ['--yes=stand-in'] : []
  const runbook = resolve(import.meta.dirname, '..', 'smoke', `${id}.ts`)
  return runDrill({ ...drill, runbook, flags: [...flags, ...approval] })
}

/** Every counterproof that is not red, and how many there are on subjects. */
export function proofsOf(evidence: Evidence): { readonly notRed: readonly string[]; readonly onSubjects: number } {
  const proofs = evidence.steps.flatMap(step =>
    step.checks.flatMap(check => check.counterproofs.map(proof => ({ ...proof, name: `${check.id}/${proof.id}` }))),
  )
  assert.ok(proofs.length > 0)
  return {
    notRed: proofs.filter(proof => proof.outcome !== 'red').map(proof => `${proof.name}: ${proof.said}`),
    onSubjects: proofs.filter(proof => proof.on === 'subject').length,
  }
}

/** A stand-in that somebody runs: a process of its own, on this machine, with tokens in files. */
export class RunningStandIn implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'smoke-running-'))
  readonly site: Site
  readonly daemon: DaemonProcess

  private constructor(site: Site, daemon: DaemonProcess) {
    this.site = site
    this.daemon = daemon
  }

  /** @param prepare - makes what it is to start on, and returns the words that say so */
  static async start(
    faults: readonly string[] = [],
    more: readonly string[] = [],
    prepare: (site: Site) => Promise<readonly string[]> = async () => [],
  ): Promise<RunningStandIn> {
    const site = new Site()
    try {
      const made = await prepare(site)
      const words = [...site.tokens, ...faults.flatMap(fault => ['--fault', fault]), ...more, ...made]
      return new RunningStandIn(site, await site.serve(words))
    } catch (error) {
      site[Symbol.dispose]()
      throw error
    }
  }

  /** Parameters of a suite that may only look. */
  get reading(): Readonly<Record<string, string>> {
    return { 'base-url': this.daemon.url, 'token-file': this.site.readOnlyFile }
  }

  /** Parameters of a suite that may make objects. */
  get writing(): Readonly<Record<string, string>> {
    return { ...this.reading, 'admin-token-file': this.site.adminFile, 'allow-write': 'yes' }
  }

  /** Digest of every file it keeps, by name. */
  files(): Readonly<Record<string, string>> {
    const { stateRoot, workspaceRoot } = this.site
    const paths = [stateRoot, workspaceRoot].flatMap(root =>
      globSync('**/*', { cwd: root, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => join(entry.parentPath, entry.name)),
    )
    return Object.fromEntries(
      paths.map(path => [path, createHash('sha256').update(readFileSync(path)).digest('hex')] as const),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]()
    this.site[Symbol.dispose]()
    rmSync(this.root, { recursive: true, force: true })
  }
}

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadRunbook, loadTarget } from '../src/cli/registry.ts'
import { plan } from '../src/engine/plan.ts'
import type { Evidence } from '../src/evidence/schema.ts'
import { isManual, type Step } from '../src/model/runbook.ts'
import { Site } from './cli/launch.ts'

const DIE = resolve(import.meta.dirname, 'testdata', 'die-at-step.ts')

/** A daemon that somebody runs, and what a rotation or containment of it is given. */
export interface Ground extends AsyncDisposable {
  readonly params: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** What a person does as soon as a run says this. */
  readonly person?: { readonly hears: string; readonly acts: () => Promise<void> }
  /** What has to be so in the end, whatever broke off. */
  readonly assertDone?: (evidence: Evidence) => Promise<void>
}

interface Process {
  readonly resume: string | undefined
  readonly dieAt: string | undefined
}

const site = new Site()

/** Runs of one runbook, each going on with the one before. */
export class Course {
  readonly reports = mkdtempSync(join(site.root, 'reports-'))
  readonly id: string
  readonly ground: Ground
  readonly steps: readonly Step[]
  /** Steps of people, of whom nobody is there. */
  readonly people: readonly string[]

  private constructor(id: string, ground: Ground, steps: readonly Step[]) {
    this.id = id
    this.ground = ground
    this.steps = steps
    this.people = steps.filter(({ run }) => isManual(run)).map(step => step.id)
  }

  static async on(id: string, ground: Ground): Promise<Course> {
    const { runbook } = await loadRunbook(id)
    return new Course(id, ground, plan(runbook, await loadTarget('stand-in'), ground.params).steps)
  }

  /** Steps that run by themselves: the places where a process may die. */
  get places(): readonly string[] {
    return this.steps.filter(({ run }) => !isManual(run)).map(step => step.id)
  }

  async go({ resume, dieAt }: Process) {
    const { params, secrets = {}, env = {} } = this.ground
    const words = [
      ...(resume === undefined
        ? [
            ...[this.id, '--counterproofs', 'observation', '--param'],
            ...Object.entries(params).map(([name, value]) => `${name}=${value}`),
          ]
        : ['--resume', resume]),
      ...['--yes=stand-in', '--confirm', 'stand-in'],
      ...(resume === undefined ? this.people.flatMap(step => ['--allow-skip', `${step}=nobody is here`]) : []),
      ...Object.entries(secrets).flatMap(([name, from]) => ['--secret', `${name}=${from}`]),
    ]
    const given = {
      ...env,
      RUNPROOF_REPORTS: this.reports,
      ...(dieAt === undefined ? {} : { DIE_AT: dieAt, NODE_OPTIONS: `--import ${DIE}` }),
    }
    const started = site.start(['run', ...words], { env: given })
    const { person } = this.ground
    const acted = person === undefined ? undefined : started.says(person.hears).then(person.acts, () => {})
    const ended = await started.ended
    await acted
    return ended
  }

  /** Dies at these places one after the other, each time in the process that went on. @returns the run that died last */
  async die(dieAt: readonly string[]): Promise<string | undefined> {
    let resume: string | undefined
    for (const at of dieAt) {
      const { signal, stderr } = await this.go({ resume, dieAt: at })
      assert.equal(signal, 'SIGKILL', `${this.id} did not come to ${at}: ${stderr}`)
      resume = this.last
    }
    return resume
  }

  /** Dies at these places, then goes on to the end, which has to be a good one. */
  async through(dieAt: readonly string[]): Promise<string> {
    const { status, stderr } = await this.go({ resume: await this.die(dieAt), dieAt: undefined })
    const { evidence } = this
    assert.ok(evidence, stderr)
    const { steps, breaks } = evidence
    const wrong = steps.filter(step => step.outcome !== (this.people.includes(step.id) ? 'skipped' : 'passed'))
    assert.deepEqual(
      wrong.map(step => `${step.id}: ${step.reason}`),
      [],
      `${this.id} after ${dieAt}: ${stderr}`,
    )
    assert.equal(status, 0, `${this.id} after ${dieAt}: ${stderr}`)
    assert.deepEqual(
      (breaks ?? []).map(({ kind }) => kind),
      dieAt.map(() => 'died'),
    )
    await this.ground.assertDone?.(evidence)
    return dieAt.join(', ')
  }

  /** The run that died last. */
  get last(): string {
    return readdirSync(this.reports)
      .filter(name => name.startsWith('.run-'))
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
      .at(-1)!
      .slice('.run-'.length)
  }

  /** Of the run that came to an end, where one did. */
  get evidence(): Evidence | undefined {
    const [name, ...more] = readdirSync(this.reports).filter(one => !one.startsWith('.'))
    assert.deepEqual(more, [])
    if (name === undefined) return undefined
    return JSON.parse(readFileSync(join(this.reports, name, 'evidence.json'), 'utf8'))
  }
}

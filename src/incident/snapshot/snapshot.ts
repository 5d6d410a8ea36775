import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { daemon } from '../../daemon/subjects.ts'
import { type Capture, keptCapture } from '../../model/capture.ts'
import { type AnyCheck, type CheckContext, changed } from '../../model/check.ts'
import { RunproofError, toRunproofError } from '../../model/error.ts'
import { parseJson } from '../../model/json-answer.ts'
import type { Action, PlanInput, Step, StepContext } from '../../model/runbook.ts'
import type { RunView } from '../../model/target.ts'
import { Redactor } from '../../scan/redact.ts'
import {
  type Given,
  generalItems,
  MOST_AUDIT_BYTES,
  NotThere,
  type Part,
  particularItems,
  runsItem,
  SNAPSHOT_COMMANDS,
  type SnapshotItem,
  type SnapshotSubjects,
} from './snapshot-items.ts'

const PAGE = 'production-runbooks'
interface Bounds {
  readonly itemBytes: number
  readonly allBytes: number
  /** So much of the disk is left for the journal: nothing acts without a record, so evidence that filled it would end the containment. */
  readonly spareBytes: number
  readonly totalMs: number
  readonly atOnce: number
}

/** Of one document, of all together, and how long all may take. */
const BOUNDS: Bounds = {
  itemBytes: MOST_AUDIT_BYTES,
  allBytes: 32 * 1024 * 1024,
  spareBytes: 8 * 1024 * 1024,
  totalMs: 45_000,
  atOnce: 4,
}

/** What became of one document. */
export interface Collected {
  readonly file: string
  readonly what: string
  readonly outcome: 'collected' | 'truncated' | 'not-collected'
  /** Of the file, and of what was given before it was cut. */
  readonly bytes: number
  readonly ofBytes: number
  readonly sha256?: string
  readonly reason?: string
}

export interface SnapshotIndex {
  readonly name: string
  readonly takenAt: string
  readonly tookMs: number
  readonly bounds: Bounds
  readonly items: readonly Collected[]
}

export const INDEX_FILE = 'index.json'

/** Where a snapshot lies. It stays when the process ends. */
export interface Snapshot {
  readonly directory: string
  /** Private, for copies of it. */
  readonly scratchDir: string
}

export const snapshots: Readonly<Record<'before' | 'after', Capture<Snapshot>>> = {
  before: keptCapture<Snapshot>('snapshot-before', 'the evidence as it was before the containment'),
  after: keptCapture<Snapshot>('snapshot-after', 'the evidence as it was after the containment'),
}

const DESCRIBE =
  'status, settings, sessions, runs with their events, tasks, deliveries and signed actions, slots without values, doctor, the audit log: into artifacts, bounded, without known secrets'

/** Collects the evidence there is, before or after the containment of the scenario. Nothing of the daemon is changed. */
export function snapshotStep(
  when: 'before' | 'after',
  { target }: PlanInput,
  whole: AnyCheck,
  about: (context: StepContext) => SnapshotSubjects = () => ({}),
): Step {
  return {
    id: `snapshot-${when}`,
    title: `Keep the evidence as it is ${when} the containment of the cause`,
    effect: 'read',
    docs: { page: PAGE, command: 'doctor routes --check-references' },
    timeoutMs: 120_000,
    role: 'operator',
    afterFailure: [daemon],
    yields: [snapshots[when]],
    run: {
      describe: DESCRIBE,
      commands: SNAPSHOT_COMMANDS.map(words => `${target.program} ${words}`),
      execute: async context =>
        context.set(
          snapshots[when],
          await takeSnapshot(context, join(context.run.artifactsDir, when), when, about(context)),
        ),
    },
    verify: [whole],
  }
}

/**
 * A snapshot at any moment.
 *
 * @param program - the daemon's, as documentation calls it
 */
export function snapshotAction(
  program: string,
  about: (context: StepContext) => SnapshotSubjects = () => ({}),
): Action {
  return {
    describe: DESCRIBE,
    commands: SNAPSHOT_COMMANDS.map(words => `${program} ${words}`),
    async execute(context) {
      if (context.values.find(daemon) === undefined)
        throw new RunproofError('TARGET_UNREACHABLE', 'the daemon was not reached yet, so there is nothing to keep', {
          hint: 'run the first step, then take the snapshot',
        })
      // Whoever takes one gives it a directory of its own.
      await takeSnapshot(context, context.run.artifactsDir, 'before', about(context))
    },
  }
}

/** @returns where it lies; what could not be had is told, and throws nothing */
export async function takeSnapshot(
  context: StepContext,
  directory: string,
  when: 'before' | 'after',
  about: SnapshotSubjects,
): Promise<Snapshot> {
  const { run, tools } = context
  const name = basename(directory)
  await tools.files.makeDirectory(directory)
  const index = await collectSnapshot(context, directory, name, when, about)
  const left = index.items.filter(({ outcome }) => outcome !== 'collected')
  run.fact(`${name}.documents`, index.items.length - left.filter(one => one.outcome === 'not-collected').length)
  run.fact(`${name}.tookMs`, Math.round(index.tookMs))
  for (const { what, outcome, reason } of left)
    run.notTested(`evidence ${name}: ${what} is ${outcome}: ${reason ?? 'it was too long'}`)
  return { directory, scratchDir: run.scratchDir }
}

/**
 * Asks for everything, a few at once, and writes what came, redacted and bounded, with an index. What hangs, fails or is too
 * much stops nothing: it stands in the index with its reason.
 *
 * @throws RunproofError INTERRUPTED; DISK_FULL and the like of writing
 */
async function collectSnapshot(
  context: CheckContext,
  directory: string,
  name: string,
  when: 'before' | 'after',
  about: SnapshotSubjects,
): Promise<SnapshotIndex> {
  const { clock } = context.tools
  const takenAt = clock.now().toISOString()
  const began = clock.monotonicMs()
  const collecting = new Collecting(context, directory, began + BOUNDS.totalMs)
  const runs = await collecting.item(runsItem(context))
  const views = runs === undefined ? [] : runsIn(context, runs)
  await collecting.all([...generalItems(context, when), ...particularItems(context, views, about)])
  const tookMs = clock.monotonicMs() - began
  const index: SnapshotIndex = { name, takenAt, tookMs, bounds: BOUNDS, items: collecting.items }
  await context.tools.files.write(join(directory, INDEX_FILE), `${JSON.stringify(index, null, 2)}\n`)
  return index
}

/** The runs of the list; none where it cannot be read, since the rest is kept all the same. */
function runsIn({ target }: CheckContext, text: string): readonly RunView[] {
  try {
    return target.read.runs(parseJson(text, 'the list of runs is'))
  } catch {
    return []
  }
}

/** Asks, bounds, redacts and writes; whatever does not come is on the list. */
export class Collecting {
  readonly items: Collected[] = []
  readonly #context: CheckContext
  readonly #directory: string
  readonly #deadline: number
  readonly #bounds: Bounds
  readonly #redactor: Redactor
  #bytes = 0

  constructor(context: CheckContext, directory: string, deadline: number, bounds: Bounds = BOUNDS) {
    this.#context = context
    this.#directory = directory
    this.#deadline = deadline
    this.#bounds = bounds
    this.#redactor = new Redactor(context.knownSecrets().map(secret => ({ name: secret.name, value: secret.reveal() })))
  }

  async all(items: readonly SnapshotItem[]): Promise<void> {
    const waiting = [...items]
    const worker = async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await this.item(item)
    }
    await Promise.all(Array.from({ length: this.#bounds.atOnce }, worker))
    this.items.sort((a, b) => (a.file < b.file ? -1 : 1))
  }

  /** @returns what was given, whole; undefined when nothing was */
  async item(item: SnapshotItem): Promise<string | undefined> {
    const { file, what } = item
    const missing = (reason: string) => {
      this.items.push({ file, what, outcome: 'not-collected', bytes: 0, ofBytes: 0, reason })
      return undefined
    }
    if (this.#context.tools.clock.monotonicMs() > this.#deadline)
      return missing(`the ${this.#bounds.totalMs} ms for the whole snapshot were over`)
    if (this.#bytes >= this.#bounds.allBytes) return missing(`${this.#bounds.allBytes} bytes had been kept already`)
    try {
      const given = await this.#within(item)
      const whole = typeof given === 'string' ? { text: given, more: false } : given
      if (whole.text.trim() === '') return missing('it was empty')
      await this.#keep(item, whole)
      return whole.text
    } catch (thrown) {
      const error = toRunproofError(thrown)
      if (this.#context.signal.aborted) throw new RunproofError('INTERRUPTED', 'the snapshot was interrupted')
      // A full disk is no reason to go on: what follows would look collected and be empty.
      if (error.code === 'DISK_FULL') throw error
      return missing(error instanceof NotThere ? error.message : `${error.code}: ${error.message}`)
    }
  }

  /** What is asked ends with its time, whether it listens or not. */
  async #within(item: SnapshotItem): Promise<Given> {
    const { signal } = this.#context
    const over = new AbortController()
    const timer = delay(item.limitMs, 'late' as const, { signal: over.signal }).catch(() => 'late' as const)
    const late = () => new NotThere(item.late ?? `it gave no answer within ${item.limitMs} ms`)
    const stopping = new AbortController()
    const inner = changed(this.#context, {
      deadlineMs: item.limitMs,
      signal: AbortSignal.any([signal, stopping.signal]),
    })
    try {
      const first = await Promise.race([item.collect(inner).then(given => ({ given })), timer])
      if (first === 'late') throw late()
      return first.given
    } catch (thrown) {
      throw toRunproofError(thrown).code === 'TIMEOUT' ? late() : thrown
    } finally {
      over.abort()
      stopping.abort()
    }
  }

  async #keep({ file, what, keep = 'head' }: SnapshotItem, { text, more, why }: Part): Promise<void> {
    const safe = Buffer.from(this.#redactor.redactText(text))
    const most = Math.min(this.#bounds.itemBytes, Math.max(0, this.#bounds.allBytes - this.#bytes))
    const tooLong = safe.length > most
    // What is masked is shorter: that there was more is known from whoever gave it, not from the length.
    const cut = tooLong || more
    const content = tooLong || (more && keep === 'tail') ? shortened(safe, most, keep, file) : safe
    const free = await this.#context.tools.files.freeBytes(this.#directory)
    if (free - content.length < this.#bounds.spareBytes)
      throw new NotThere(
        `the disk has ${free} bytes left, of which ${this.#bounds.spareBytes} are for the record of what is done`,
      )
    this.#bytes += content.length
    await this.#context.tools.files.write(join(this.#directory, file), content)
    const end = keep === 'head' ? 'first' : 'last'
    const reasons = [
      ...(more ? [why ?? `there is more than the ${end} ${safe.length} bytes`] : []),
      ...(tooLong ? [`${safe.length} bytes, of which the ${end} ${most} are kept`] : []),
    ]
    this.items.push({
      file,
      what,
      outcome: cut ? 'truncated' : 'collected',
      bytes: content.length,
      ofBytes: safe.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      ...(cut ? { reason: reasons.join('; ') } : {}),
    })
  }
}

/** A document that is cut stays one: its text stands in a member. Lines stay lines. */
function shortened(whole: Buffer, most: number, keep: 'head' | 'tail', file: string): Buffer {
  const part = keep === 'head' ? whole.subarray(0, most) : whole.subarray(Math.max(0, whole.length - most))
  if (!file.endsWith('.json')) {
    const lineBreak = part.indexOf(0x0a)
    return keep === 'tail' && lineBreak >= 0 ? part.subarray(lineBreak + 1) : part
  }
  return Buffer.from(`${JSON.stringify({ truncated: true, ofBytes: whole.length, text: part.toString('utf8') })}\n`)
}

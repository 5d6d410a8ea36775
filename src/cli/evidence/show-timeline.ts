import { join } from 'node:path'
import { files } from '../../adapters/files.ts'
import { type VerifiedJournal, verifyJournal } from '../../evidence/journal.ts'
import { ENVELOPE_FILE, JOURNAL_FILE, QUARANTINED_SUFFIX } from '../../evidence/layout.ts'
import { RunproofError } from '../../model/error.ts'
import { timelineMarkdown } from '../../reporters/timeline/markdown.ts'
import type { Timeline } from '../../reporters/timeline/schema.ts'
import { type TimelineSource, timelineOf } from '../../reporters/timeline/timeline.ts'
import { Redactor } from '../../scan/redact.ts'
import { parsePairs } from '../options.ts'
import { readSecrets } from '../secrets.ts'
import { realDirectory, verified } from './verify-evidence.ts'

export interface TimelineFlags {
  readonly format: string
  readonly output?: string
  readonly key: readonly string[]
  readonly secret: readonly string[]
}

/** What a long incident writes; its text is held in memory. */
const LARGEST_BYTES = 256 * 1024 * 1024
/** What JSON leaves as it is and a terminal may act on. */
const ACTING = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/**
 * Prints who did what, when, of a run that is sealed, goes on, was abandoned or is in quarantine.
 *
 * @returns 0, or 1 when a key that is not trusted here signed it
 * @throws RunproofError JOURNAL_BROKEN naming the line; EVIDENCE_TAMPERED, EVIDENCE_INVALID; USAGE
 */
export async function showTimeline(given: string, flags: TimelineFlags): Promise<number> {
  const render = rendererOf(flags.format)
  const dir = await realDirectory(given, 'runproof evidence timeline reports/<run>')
  const journal = await readJournal(dir)
  const source = await sourceOf(dir, flags)
  const timeline = timelineOf(journal, source)
  const text = render(timeline)
  if (flags.output === undefined) process.stdout.write(text)
  else await files.write(flags.output, text)
  if (timeline.textsWithheld)
    process.stderr.write(
      'runproof: a secret was found in this run, so its texts are withheld\n  hint: --secret NAME=file:PATH takes a value out, and shows the rest\n',
    )
  if (source.signer?.trusted !== false) return 0
  process.stderr.write('runproof: intact, but signed by a key that is not trusted here\n')
  return 1
}

function rendererOf(format: string): (timeline: Timeline) => string {
  if (format === 'markdown') return timelineMarkdown
  if (format === 'json') return timelineJson
  throw new RunproofError('USAGE', `--format ${format}: expected markdown or json`)
}

function timelineJson(timeline: Timeline): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(timeline, null, 2).replace(ACTING, escaped)}\n`
}

/** The chain first: of a sealed run, too, what is wrong is named by its line. */
async function readJournal(dir: string): Promise<VerifiedJournal> {
  const path = join(dir, JOURNAL_FILE)
  if ((await files.facts(path))?.type !== 'file')
    throw new RunproofError('USAGE', `${dir} holds no ${JOURNAL_FILE}`, {
      hint: 'the directory of a run: runproof evidence timeline reports/<run>',
    })
  return verifyJournal(await files.readText(path, LARGEST_BYTES))
}

async function sourceOf(dir: string, flags: TimelineFlags): Promise<TimelineSource> {
  const redact = await redactorOf(flags.secret)
  const taking = redact === undefined ? {} : { redact }
  if (dir.endsWith(QUARANTINED_SUFFIX)) return { state: 'quarantined', ...taking }
  if ((await files.facts(join(dir, ENVELOPE_FILE))) === undefined) return { state: 'unsealed', ...taking }
  const { evidence, signerTrusted } = await verified(dir, flags.key)
  return { state: 'sealed', signer: { keyId: evidence.signer.keyId, trusted: signerTrusted }, ...taking }
}

async function redactorOf(words: readonly string[]): Promise<((text: string) => string) | undefined> {
  if (words.length === 0) return undefined
  const sources = parsePairs('--secret', words, { secret: true })
  const secrets = await readSecrets(sources, Object.keys(sources), process.env, process.stdin)
  const redactor = new Redactor(Object.values(secrets).map(secret => ({ name: secret.name, value: secret.reveal() })))
  return text => redactor.redactText(text)
}

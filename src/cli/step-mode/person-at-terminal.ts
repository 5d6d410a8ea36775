import type { Writable } from 'node:stream'
import type { Attested } from '../../engine/attest.ts'
import type { Approval } from '../../engine/authorise.ts'
import type { Asked } from '../../engine/people.ts'
import { RunproofError } from '../../model/error.ts'
import type { Manual, Step } from '../../model/runbook.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { Question } from '../run/approve.ts'
import type { LineInput } from './line-input.ts'
import { sayTo } from './say.ts'
import { namesArtifacts } from './screen.ts'

/** Copies a file among the artifacts of the run. @throws RunproofError FILE_UNREADABLE for what is no ordinary file, or too long */
export type Attach = (file: string, step: string) => Promise<{ readonly path: string; readonly sha256: string }>

const NO_ANSWER = 'no answer'

/** An approval by name and with a reason, line by line. */
export async function approvedByLines(
  lines: LineInput,
  output: Writable,
  { what, word, asked }: Question,
  signal: AbortSignal,
): Promise<Approval> {
  const say = sayTo(output)
  output.write('\n')
  say(`Approval: ${what}`)
  say(`${heldBy(asked)}; without an answer until ${asked.deadlineAt} it is denied.`)
  const by = asked.other ? await nameOf(lines, say, asked, 'Name of who approves (no refuses): ', signal) : asked.of
  if (by === undefined) return { granted: false, reason: NO_ANSWER }
  if (by === 'no') return { granted: false, reason: 'answered no' }

  const typed = await wordOf(lines, say, `Approve? Type ${word ?? 'yes'} (no ends the run): `, word ?? 'yes', signal)
  if (typed === undefined) return { granted: false, reason: NO_ANSWER }
  if (!typed) return { granted: false, reason: 'answered no' }

  const reason = await reasonOf(lines, asked.other, signal)
  if (reason === undefined) return { granted: false, reason: NO_ANSWER }
  const how = word === undefined ? 'answered yes' : `typed ${word}`
  return { granted: true, by, how, ...(reason === '' ? {} : { reason }) }
}

/** Asks until it is the word or no: a slip of the finger is neither, and must not end what contains. */
async function wordOf(
  lines: LineInput,
  say: (text: string) => void,
  prompt: string,
  word: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  for (;;) {
    const typed = await lines.ask(prompt, signal)
    if (typed === undefined) return undefined
    if (typed === word || (typed === 'y' && word === 'yes')) return true
    if (/^no?$/i.test(typed)) return false
    say(`That is neither ${word} nor no.`)
  }
}

/** Whoever answers for somebody else says why. */
async function reasonOf(lines: LineInput, needed: boolean, signal: AbortSignal): Promise<string | undefined> {
  for (;;) {
    const reason = await lines.ask(needed ? 'Reason (one is needed): ' : 'Reason (Enter: none): ', signal)
    if (reason === undefined || reason !== '' || !needed) return reason
  }
}

/** A confirmation by name, and the file that goes with it. */
export async function attestedByLines(
  lines: LineInput,
  output: Writable,
  {
    step,
    manual,
    asked,
    artifactsDir,
  }: { readonly step: Step; readonly manual: Manual; readonly asked: Asked; readonly artifactsDir: string },
  attach: Attach,
  signal: AbortSignal,
): Promise<Attested> {
  const say = sayTo(output)
  output.write('\n')
  say(`By hand: ${manual.instruction}`)
  if (namesArtifacts(manual)) say(`artifacts/ is ${artifactsDir}`)
  say(`${heldBy(asked)}.`)
  const by = await nameOf(lines, say, asked, 'When it is done: your name (no: it is not done): ', signal)
  if (by === undefined) return { confirmed: false, reason: NO_ANSWER }
  if (by === 'no') return { confirmed: false, reason: 'answered no' }
  say(`You confirm: ${manual.confirm}`)
  const typed = await wordOf(lines, say, 'Is that true? Type yes (no: it is not): ', 'yes', signal)
  if (typed === undefined) return { confirmed: false, reason: NO_ANSWER }
  if (!typed) return { confirmed: false, reason: `${by} answered no` }
  const attachment = manual.attachment === undefined ? undefined : await attached(manual.attachment)
  return { confirmed: true, by, ...(attachment === undefined ? {} : { attachment }) }

  async function attached(what: string) {
    for (;;) {
      const file = await lines.ask(`File to attach: ${terminalLine(what)} (Enter: none) `, signal)
      if (file === undefined || file === '') return undefined
      try {
        return await attach(file, step.id)
      } catch (thrown) {
        if (!(thrown instanceof RunproofError)) throw thrown
        say(thrown.message)
      }
    }
  }
}

/** Asks until the name is that of whoever is asked; everybody else is refused by name. */
async function nameOf(
  lines: LineInput,
  say: (text: string) => void,
  { of, role }: Asked,
  prompt: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (;;) {
    const name = await lines.ask(prompt, signal)
    if (name === undefined || name === of || name.toLowerCase() === 'no')
      return name?.toLowerCase() === 'no' ? 'no' : name
    if (name === '') say('A name is needed.')
    else
      say(`${name} is not who is asked: ${of}${role === undefined ? ' is the operator' : ` holds the role ${role}`}.`)
  }
}

function heldBy({ of, role }: Asked): string {
  return role === undefined ? `Asked: ${of}` : `Asked: ${of}, ${role}`
}

import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { ONLY_OBSERVATIONS } from '../engine/falsify.ts'
import type { Progress } from '../engine/progress.ts'
import type { Evidence } from '../evidence/schema.ts'
import { summaryLines } from '../reporters/text/summary.ts'
import { terminalLine } from '../reporters/text/terminal.ts'

export interface Display {
  show(progress: Progress): void
  note(text: string): void
  end(evidence: Evidence, dir: string): void
}

interface DisplaySettings {
  readonly json: boolean
  readonly color: boolean
  /** Every line passes it. */
  readonly redact: (text: string) => string
  /** Long paths of this run, and the short names they are shown by. */
  readonly shorten: Readonly<Record<string, string>>
}

type Style = Parameters<typeof styleText>[0]

const STYLE_OF: Readonly<Record<string, Style>> = {
  passed: 'green',
  red: 'red',
  failed: 'red',
  errored: 'red',
  green: 'magenta',
  unproven: 'magenta',
}

/**
 * What a person sees while a run goes on: one line per fact, the same with and without a terminal, colour only with one.
 * A green check is shown when it has been broken: right above the reds that it is worth as much as. Anything else is shown
 * at once.
 */
export function displayFor(stream: Writable & { isTTY?: boolean }, settings: DisplaySettings): Display {
  const colored = settings.color && stream.isTTY === true
  const paint = (style: Style | undefined, text: string) =>
    colored && style !== undefined ? styleText(style, text, { validateStream: false }) : text
  const safe = (text: string) => terminalLine(shorten(settings.redact(text), settings.shorten))
  const write = (outcome: string | undefined, style: Style | undefined, text: string) => {
    const mark =
      outcome === undefined ? '' : `${paint(STYLE_OF[outcome] ?? 'yellow', MARKS[outcome] ?? outcome.padStart(11))}  `
    stream.write(`${mark}${paint(style, safe(text))}\n`)
  }
  const held = new Map<string, { readonly lines: (() => void)[]; awaited: number }>()
  let steps = 0

  const show: Record<Progress['type'], (progress: never) => void> = {
    'run-started': (progress: Extract<Progress, { type: 'run-started' }>) => {
      steps = progress.steps
      write(undefined, 'bold', progress.title)
      for (const [path, name] of Object.entries(settings.shorten)) stream.write(`${name} is ${path}\n`)
    },
    'step-started': (progress: Extract<Progress, { type: 'step-started' }>) => {
      stream.write('\n')
      write(undefined, 'bold', `${progress.index + 1}/${steps} ${progress.title}`)
    },
    command: (progress: Extract<Progress, { type: 'command' }>) => write('command', 'dim', `$ ${progress.command}`),
    check: (progress: Extract<Progress, { type: 'check' }>) => {
      const line = () => write(progress.outcome, undefined, `${progress.title}${because(progress.reason)}`)
      if (progress.outcome === 'passed') held.set(progress.check, { lines: [line], awaited: progress.counterproofs })
      else line()
    },
    counterproof: (progress: Extract<Progress, { type: 'counterproof' }>) => {
      const line = () => write(progress.outcome, undefined, `  when ${progress.breaks}: ${short(progress.said)}`)
      const check = held.get(progress.check)
      if (check === undefined) return
      // Left out by the caller's own flag: the summary counts them, fifty equal lines would only hide the rest.
      if (progress.said !== ONLY_OBSERVATIONS) check.lines.push(line)
      check.awaited -= 1
      if (check.awaited > 0) return
      held.delete(progress.check)
      for (const one of check.lines) one()
    },
    'step-ended': (progress: Extract<Progress, { type: 'step-ended' }>) => {
      for (const check of held.values()) for (const one of check.lines) one()
      held.clear()
      if (progress.outcome !== 'passed')
        write(progress.outcome, undefined, `step ${progress.step}${because(progress.reason)}`)
    },
    release: (progress: Extract<Progress, { type: 'release' }>) => {
      if (progress.outcome !== 'done') write(progress.outcome, undefined, progress.what)
    },
  }

  return {
    note: text => write(undefined, 'yellow', text),
    show: progress => show[progress.type](progress as never),
    end(evidence, dir) {
      if (settings.json) return
      const place = relative(process.cwd(), dir)
      const shown = place.startsWith('..') ? dir : place
      stream.write('\n')
      const assumed = evidence.assumptions.map(text => `assumed   ${text}`)
      for (const line of [...summaryLines(evidence), ...assumed]) process.stdout.write(`${terminalLine(line)}\n`)
      process.stdout.write(
        `evidence  ${shown}\nre-check  ${process.env['RUNPROOF_INVOKED_AS'] ?? 'runproof'} evidence verify ${shown}\n`,
      )
      const next = evidence.facts['next-steps']
      if (typeof next === 'string') {
        const steps = readFileSync(join(dir, next), 'utf8').trimEnd().split('\n')
        process.stdout.write(`\n${steps.map(terminalLine).join('\n')}\n`)
      }
    },
  }
}

const MARKS: Readonly<Record<string, string>> = { passed: '      green', command: '           ' }

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`
}

function short(text: string): string {
  return text.length > 160 ? `${text.slice(0, 159)}…` : text
}

function shorten(text: string, names: Readonly<Record<string, string>>): string {
  return Object.entries(names).reduce((shown, [path, name]) => shown.replaceAll(path, name), text)
}

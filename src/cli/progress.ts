import { relative } from 'node:path'
import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { Progress } from '../engine/progress.ts'
import type { Evidence } from '../evidence/schema.ts'
import { summaryLines } from '../reporters/text/summary.ts'

export interface Display {
  show(progress: Progress): void
  note(text: string): void
  end(evidence: Evidence, dir: string): void
}

interface DisplaySettings {
  readonly json: boolean
  readonly color: boolean
  /** Every line passes it before it is written. */
  readonly redact: (text: string) => string
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
 * A counterproof's line says `red` when it did what it should, so every green stands above the red it was proven by.
 */
export function displayFor(stream: Writable & { isTTY?: boolean }, settings: DisplaySettings): Display {
  const colored = settings.color && stream.isTTY === true
  const paint = (style: Style | undefined, text: string) =>
    colored && style !== undefined ? styleText(style, text, { validateStream: false }) : text
  const write = (line: string) => void stream.write(`${settings.redact(line)}\n`)
  const mark = (outcome: string) =>
    paint(STYLE_OF[outcome] ?? 'yellow', (outcome === 'passed' ? 'green' : outcome).padStart(11))
  let steps = 0

  return {
    note: text => write(paint('yellow', text)),
    show(progress) {
      switch (progress.type) {
        case 'run-started':
          steps = progress.steps
          write(paint('bold', progress.title))
          break
        case 'step-started':
          write(`\n${paint('bold', `${progress.index + 1}/${steps} ${progress.title}`)}`)
          break
        case 'command':
          write(`${' '.repeat(11)}  $ ${progress.command}`)
          break
        case 'check':
          write(
            `${mark(progress.outcome)}  ${progress.title}${progress.reason === undefined ? '' : `: ${progress.reason}`}`,
          )
          break
        case 'counterproof':
          write(`${mark(progress.outcome)}    ${progress.check} with ${progress.breaks}: ${short(progress.said)}`)
          break
        case 'step-ended':
          if (progress.outcome !== 'passed')
            write(
              `${mark(progress.outcome)}  step ${progress.step}${progress.reason === undefined ? '' : `: ${progress.reason}`}`,
            )
          break
        case 'release':
          if (progress.outcome !== 'done') write(`${mark(progress.outcome)}  ${progress.what}`)
          break
      }
    },
    end(evidence, dir) {
      if (settings.json) return
      const place = relative(process.cwd(), dir)
      const shown = place.startsWith('..') ? dir : place
      write('')
      for (const line of summaryLines(evidence)) process.stdout.write(`${line}\n`)
      process.stdout.write(`evidence  ${shown}\nre-check  runproof evidence verify ${shown}\n`)
    },
  }
}

function short(text: string): string {
  return text.length > 160 ? `${text.slice(0, 159)}…` : text
}

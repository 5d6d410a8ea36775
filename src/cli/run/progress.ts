import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { ONLY_OBSERVATIONS } from '../../engine/falsify.ts'
import type { Progress } from '../../engine/progress.ts'
import { hang } from '../../findings/wrap.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'

/** How the lines of one run are made fit to be shown. */
interface RunView {
  /** Every line passes it. */
  readonly redact: (text: string) => string
  /** Long paths of this run, and the short names they are shown by. */
  readonly shorten: Readonly<Record<string, string>>
}

type Style = Parameters<typeof styleText>[0]
type Output = Writable & { isTTY?: boolean; columns?: number }

/** As wide as a mark and the blanks behind it. */
const MARK = 13

/** Follows one run. */
export interface Follower {
  show(progress: Progress): void
}

const STYLE_OF: Readonly<Record<string, Style>> = {
  passed: 'green',
  red: 'red',
  failed: 'red',
  errored: 'red',
  green: 'magenta',
  unproven: 'magenta',
}

export interface Display {
  /** One line per fact. */
  whole(run: RunView): Follower
  /** What is not as it should be, and one line a step, each with the name of its run: several go on side by side. */
  brief(name: string, run: RunView): Follower
  note(text: string): void
}

/** What a person sees while runs go on: the same with and without a terminal, colour only with one. */
export function displayFor(stream: Output, { color }: { readonly color: boolean }): Display {
  const colored = color && stream.isTTY === true
  const paint = (style: Style | undefined, text: string) =>
    colored && style !== undefined ? styleText(style, text, { validateStream: false }) : text
  const writer =
    (clean: (text: string) => string, prefix = ''): Write =>
    (outcome, style, text, then = '') => {
      const mark = outcome === undefined ? '' : `${MARKS[outcome] ?? outcome.padStart(MARK - 2)}  `
      // Cut only once it is clean: the beginning of a secret is no secret that could be found.
      const line = `${prefix}${mark}${terminalLine(clean(text) + short(clean(then)))}`
      // A command is broken by the terminal alone: it can be copied whole.
      const columns = outcome === 'command' || stream.isTTY !== true ? undefined : stream.columns
      const [first = '', ...more] = hang(line, columns, prefix.length + mark.length)
      const painted = paint(STYLE_OF[outcome ?? ''] ?? 'yellow', mark)
      const rest = paint(style, first.slice(prefix.length + mark.length))
      stream.write(`${paint('dim', prefix)}${mark === '' ? '' : painted}${rest}\n`)
      for (const one of more) stream.write(`${paint(style, one)}\n`)
    }
  const cleaner = (run: RunView) => (text: string) => shortened(run.redact(text), run.shorten)
  return {
    note: text => writer(same => same)(undefined, 'yellow', text),
    whole: run => follow(stream, writer(cleaner(run)), run.shorten),
    brief: (name, run) => followBriefly(writer(cleaner(run), `${name.padEnd(15)} `)),
  }
}

/** @param then - what may be long, and is cut */
type Write = (outcome: string | undefined, style: Style | undefined, text: string, then?: string) => void

/**
 * A green check is shown when it has been broken: right above the reds that it is worth as much as. Anything else is shown
 * at once.
 */
function follow(stream: Output, write: Write, shorten: RunView['shorten']): Follower {
  const held = new Map<string, { readonly lines: (() => void)[]; awaited: number }>()
  const notRun = new Map<string, (() => void)[]>()
  let steps = 0

  // Of a daemon in use nothing is broken: a line for each of these would hide what was asked and answered.
  const tellNotRun = () => {
    for (const [why, lines] of notRun)
      if (lines.length === 1) lines[0]!()
      else write('not-run', undefined, `${lines.length} counterproofs: `, why)
    notRun.clear()
  }

  const show: Record<Progress['type'], (progress: never) => void> = {
    'run-started': (progress: Extract<Progress, { type: 'run-started' }>) => {
      steps = progress.steps
      write(undefined, 'bold', progress.title)
      for (const [path, name] of Object.entries(shorten)) stream.write(`${name} is ${path}\n`)
    },
    'step-started': (progress: Extract<Progress, { type: 'step-started' }>) => {
      stream.write('\n')
      write(undefined, 'bold', `${progress.index + 1}/${steps} ${progress.title}`)
    },
    'carried-over': ({ index, title, outcome }: Extract<Progress, { type: 'carried-over' }>) => {
      stream.write('\n')
      write(undefined, 'bold', `${index + 1}/${steps} ${title}: ${outcome} before the break, not run again`)
    },
    command: (progress: Extract<Progress, { type: 'command' }>) => write('command', 'dim', `$ ${progress.command}`),
    untested: (progress: Extract<Progress, { type: 'untested' }>) =>
      write('untested', undefined, `${progress.title}${because(progress.why)}`),
    check: (progress: Extract<Progress, { type: 'check' }>) => {
      const line = () => write(progress.outcome, undefined, `${progress.title}${because(progress.reason)}`)
      if (progress.outcome === 'passed') held.set(progress.check, { lines: [line], awaited: progress.counterproofs })
      else line()
    },
    counterproof: (progress: Extract<Progress, { type: 'counterproof' }>) => {
      const line = () => write(progress.outcome, undefined, `  when ${progress.breaks}: `, progress.said)
      const check = held.get(progress.check)
      if (check === undefined) return
      if (progress.outcome !== 'not-run') check.lines.push(line)
      // Left out by the caller's own flag: the summary counts them.
      else if (progress.said !== ONLY_OBSERVATIONS)
        notRun.set(progress.said, [...(notRun.get(progress.said) ?? []), line])
      check.awaited -= 1
      if (check.awaited > 0) return
      held.delete(progress.check)
      for (const one of check.lines) one()
    },
    'step-ended': (progress: Extract<Progress, { type: 'step-ended' }>) => {
      for (const check of held.values()) for (const one of check.lines) one()
      held.clear()
      tellNotRun()
      // What was not reached is told once, at the end.
      if (progress.outcome !== 'passed' && progress.reason?.startsWith('not reached: ') !== true)
        write(progress.outcome, undefined, `step ${progress.step}${because(progress.reason)}`)
    },
    release: (progress: Extract<Progress, { type: 'release' }>) => {
      if (progress.outcome !== 'done') write(progress.outcome, undefined, progress.what)
    },
  }

  return { show: progress => show[progress.type](progress as never) }
}

function followBriefly(write: Write): Follower {
  let steps = 0
  let position = 0
  let title = ''
  let tally = { checks: 0, green: 0, red: 0 }
  return {
    show(progress) {
      switch (progress.type) {
        case 'run-started':
          steps = progress.steps
          write(undefined, 'bold', progress.title)
          return
        case 'step-started':
          position = progress.index + 1
          title = progress.title
          tally = { checks: 0, green: 0, red: 0 }
          return
        case 'check':
          tally.checks += 1
          if (progress.outcome === 'passed') tally.green += 1
          else write(progress.outcome, undefined, `${progress.title}${because(progress.reason)}`)
          return
        case 'counterproof':
          if (progress.outcome === 'red') tally.red += 1
          else if (progress.outcome !== 'not-run')
            write(progress.outcome, undefined, `  when ${progress.breaks}: `, progress.said)
          return
        case 'step-ended': {
          const counts = `${tally.green} of ${tally.checks} checks green, ${tally.red} counterproofs red`
          if (progress.outcome === 'passed') write('passed', undefined, `${position}/${steps} ${title}: ${counts}`)
          else write(progress.outcome, undefined, `step ${progress.step}${because(progress.reason)}`)
          return
        }
        case 'release':
          if (progress.outcome !== 'done') write(progress.outcome, undefined, progress.what)
          return
        case 'command':
        case 'carried-over':
        case 'untested':
          return
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

function shortened(text: string, names: Readonly<Record<string, string>>): string {
  return Object.entries(names).reduce((shown, [path, name]) => shown.replaceAll(path, name), text)
}

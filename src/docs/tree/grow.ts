import type { AskedProgram, ProgramAnswer } from '../../model/asked-program.ts'
import { type Offer, readFishCompletion } from './fish-completion.ts'
import { type HelpPage, UNKNOWN_PAGE } from './help-page.ts'
import { readHelp } from './read-help.ts'
import type { CommandNode, CommandTree, OptionSpec } from './tree.ts'
import { withOffers } from './with-offers.ts'

export interface GrowOptions {
  /** `top`: only what the program says of itself. Without it: all levels, or where nothing holds the program only the top. */
  readonly depth?: 'top' | 'all'
}

/** Sub-commands of sub-commands are followed this far down; no program is known that has more than five. */
const DEEPEST = 6
/** And this many in all. */
const MOST = 5_000

type Question = readonly [string, ...string[]]
type Unread = { path: readonly string[]; why: string }[]

/** A node while it grows. */
interface Sprout {
  readonly path: readonly string[]
  readonly aliases: readonly string[]
  readonly above: Sprout | null
  page: HelpPage
  readonly below: Sprout[]
}

/**
 * Asks a program for its command tree, level by level.
 *
 * Asking may act: a bare call starts some programs, and some take no notice of `--help`. So the first word is always the name
 * of a command, and `help` comes before everything else; a flag comes first only where the program is held in a sandbox.
 *
 * What could not be had is told in `unread`: nothing is thrown for a program that has no help.
 *
 * @param program - as pages call it
 */
export async function growTree(program: string, asked: AskedProgram, options: GrowOptions = {}): Promise<CommandTree> {
  const held = asked.sandbox !== 'none'
  const depth = options.depth ?? (held ? 'all' : 'top')
  const unread: Unread = []

  const root = await readRoot(asked, held, unread)
  let level = sprouts(root)
  let count = 1 + level.length
  while (level.length > 0) {
    const asking: Sprout[] = []
    for (const sprout of level) {
      if (sprout.path.at(-1) === 'help') sprout.page = { ...HELP_COMMAND, style: sprout.above!.page.style }
      else if (depth === 'top') unread.push({ path: sprout.path, why: held ? NOT_WANTED : NOT_HELD })
      else if (sprout.path.length > DEEPEST) {
        unread.push({ path: sprout.path, why: `it is more than ${DEEPEST} commands deep` })
      } else asking.push(sprout)
    }
    await readLevel(asked, asking, unread)
    const next: Sprout[] = []
    for (const sprout of asking) {
      const found = sprouts(sprout)
      if (count + found.length > MOST) {
        unread.push({ path: sprout.path, why: `the program has more than ${MOST} commands` })
        sprout.page = { ...sprout.page, commands: [], commandsKnown: false }
        sprout.below.length = 0
        continue
      }
      count += found.length
      next.push(...found)
    }
    level = next
  }

  const offers = held && depth === 'all' ? await offersOf(asked, root, unread) : []
  return {
    schema: 'runproof-command-tree-1',
    program,
    version: held ? await versionOf(asked, unread) : null,
    sha256: asked.sha256,
    root: withOffers(nodeOf(root, program), offers),
    unread,
  }
}

/** The completion script of a program that says it has one. */
async function offersOf(asked: AskedProgram, root: Sprout, unread: Unread): Promise<readonly Offer[]> {
  const name = root.page.commands.find(command => /^completions?$/.test(command.name))?.name
  if (name === undefined) return []
  const question: Question = [name, 'fish']
  const [answer] = await asked.ask([question])
  if (answer === undefined || answer.timedOut || answer.status !== 0) {
    unread.push({ path: [name], why: `\`${question.join(' ')}\` gave no completion script` })
    return []
  }
  const offers = answer.truncated ? null : readFishCompletion(answer.stdout)
  // Those of cobra, for instance, ask the program while somebody types.
  if (offers === null)
    unread.push({ path: [name], why: `the script of \`${question.join(' ')}\` lists nothing itself` })
  return offers ?? []
}

const NOT_WANTED = 'only the help of the program itself was asked for'
const NOT_HELD = `${NOT_WANTED}, since nothing holds it on this machine`

/** It takes the names of other commands. */
const HELP_COMMAND: HelpPage = {
  ...UNKNOWN_PAGE,
  args: [{ name: 'COMMAND', required: false, many: true, values: null }],
  commandsKnown: true,
}

async function readRoot(asked: AskedProgram, held: boolean, unread: Unread): Promise<Sprout> {
  const root: Sprout = { path: [], aliases: [], above: null, page: UNKNOWN_PAGE, below: [] }
  const questions: Question[] = held ? [['help'], ['--help']] : [['help']]
  const said: string[] = []
  const late: string[] = []
  for (const question of questions) {
    const [answer] = await asked.ask([question])
    const help = answer && helpIn(answer, [])
    if (help === undefined) {
      said.push(refusal(question, answer))
      // Another page than it would have been is another tree.
      if (answer?.timedOut) late.push(refusal(question, answer))
    } else {
      root.page = help
      if (help.style !== 'other') break
    }
  }
  if (root.page === UNKNOWN_PAGE) unread.push({ path: [], why: said.join('; ') })
  else for (const why of [...late, ...root.page.doubts]) unread.push({ path: [], why })
  return root
}

async function readLevel(asked: AskedProgram, level: readonly Sprout[], unread: Unread): Promise<void> {
  if (level.length === 0) return
  const forms: ((path: readonly string[]) => Question)[] = [
    path => [...path, '--help'] as unknown as Question,
    path => ['help', ...path],
  ]
  const refused = new Map<Sprout, string[]>(level.map(sprout => [sprout, []]))
  for (const form of forms) {
    const waiting = [...refused.keys()]
    if (waiting.length === 0) break
    const answers = await asked.ask(waiting.map(({ path }) => form(path)))
    for (const [at, sprout] of waiting.entries()) {
      const answer = answers[at]
      const help = answer && helpIn(answer, sprout.path)
      const same = help && sameAbove(sprout, help)
      if (help !== undefined && !same) {
        sprout.page = form === forms[0] ? withHelpOption(help) : help
        for (const why of help.doubts) unread.push({ path: sprout.path, why })
        refused.delete(sprout)
        continue
      }
      const why = refused.get(sprout)!
      why.push(
        same
          ? `\`${form(sprout.path).join(' ')}\` gives the help of what is above it`
          : refusal(form(sprout.path), answer),
      )
      // What hangs once hangs again, and each time costs the whole patience.
      if (answer?.timedOut) {
        unread.push({ path: sprout.path, why: why.join('; ') })
        refused.delete(sprout)
      }
    }
  }
  for (const [{ path }, why] of refused) unread.push({ path, why: why.join('; ') })
}

/** What answered to `--help` has it, also where it does not list it. */
function withHelpOption(page: HelpPage): HelpPage {
  if (page.style === 'other' || page.options.some(({ names }) => names.includes('--help'))) return page
  const option: OptionSpec = { names: ['--help'], value: null, required: false, repeatable: null }
  return { ...page, options: [...page.options, option] }
}

/** Help goes to either stream, and some programs call it a failure. */
function helpIn(answer: ProgramAnswer, path: readonly string[]): HelpPage | undefined {
  if (answer.timedOut) return undefined
  const texts = [answer.stdout, answer.stderr].filter(text => text.trim() !== '')
  const pages = texts.map(text => readHelp(text, path))
  const read = pages.find(({ style }) => style !== 'other')
  // Many errors end with the usage line, which is no help yet.
  const listed = read !== undefined && read.options.length + read.commands.length > 0
  if (answer.status !== 0 && !listed) return undefined
  if (read === undefined) return pages[texts.findIndex(looksLikeHelp)]
  if (!answer.truncated) return read
  const doubts = [...read.doubts, 'its help is too long']
  return { ...read, optionsKnown: false, commandsKnown: false, args: null, doubts }
}

const looksLikeHelp = (text: string) => /^\s*(?:usage|synopsis)\b/im.test(text) || /^\s+-{1,2}\w/m.test(text)

function refusal(question: Question, answer: ProgramAnswer | undefined): string {
  const line = `\`${question.join(' ')}\``
  if (answer === undefined) return `${line} was not answered`
  if (answer.timedOut) return `${line} did not end in time and was killed`
  const status = answer.status === null ? 'was ended by a signal' : `ended with exit code ${answer.status}`
  return `${line} ${status} and without help`
}

/** A program that takes no notice of the words before `--help` answers the same for ever. */
function sameAbove(sprout: Sprout, page: HelpPage): boolean {
  if (page.commands.length === 0) return false
  for (let above = sprout.above; above !== null; above = above.above) {
    if (outline(above.page) === outline(page)) return true
  }
  return false
}

const outline = ({ commands, options }: HelpPage) =>
  JSON.stringify([commands.map(({ name }) => name), options.map(({ names }) => names[0])])

function sprouts(above: Sprout): Sprout[] {
  for (const { name, aliases } of above.page.commands) {
    above.below.push({ path: [...above.path, name], aliases, above, page: UNKNOWN_PAGE, below: [] })
  }
  return [...above.below]
}

async function versionOf(asked: AskedProgram, unread: Unread): Promise<string | null> {
  const question: Question = ['--version']
  const [answer] = await asked.ask([question])
  if (answer?.timedOut) unread.push({ path: [], why: refusal(question, answer) })
  if (answer === undefined || answer.timedOut || answer.status !== 0) return null
  return /\d+\.\d+[\w.+-]*/.exec(answer.stdout || answer.stderr)?.[0] ?? null
}

function nodeOf(sprout: Sprout, program: string): CommandNode {
  const { path, aliases, page, below } = sprout
  return {
    name: path.at(-1) ?? program,
    aliases: [...new Set([...aliases, ...page.aliases])],
    style: page.style,
    options: [...page.options, ...inherited(sprout)],
    optionsKnown: page.optionsKnown,
    args: page.args,
    commands: below.map(one => nodeOf(one, program)),
    commandsKnown: page.commandsKnown,
    commandRequired: page.commandRequired,
    groups: page.groups,
  }
}

/** commander takes the options of what is above everywhere, and does not list them again. */
function inherited({ page, above }: Sprout): OptionSpec[] {
  if (page.style !== 'commander') return []
  const options: OptionSpec[] = []
  const taken = new Set(page.options.flatMap(({ names }) => names))
  for (let from = above; from !== null; from = from.above) {
    for (const option of from.page.options) {
      if (option.names.some(name => taken.has(name))) continue
      for (const name of option.names) taken.add(name)
      options.push(option)
    }
  }
  return options
}

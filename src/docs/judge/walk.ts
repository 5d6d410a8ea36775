import { literal, type Piece, type Word } from '../command.ts'
import type { Finding, RuleId } from '../finding.ts'
import type { Place } from '../place.ts'
import type { CommandNode, CommandTree, OptionSpec } from '../tree/tree.ts'
import { judgeArguments } from './arguments.ts'
import { meantOption, nearestOption, optionOf } from './find-option.ts'
import { type Given, judgeGiven, missingOptions } from './given.ts'
import { mistyped, shown, suggested } from './near.ts'
import { childNames, childOf, type Located, whereabouts } from './whereabouts.ts'
import {
  across,
  alternatives,
  isPlaceholder,
  isVariable,
  placeholderName,
  placeOfStart,
  standsForCommand,
  standsForMany,
  standsForOptions,
} from './word.ts'

/** How far the words of a command were followed in the tree of its program, and what is wrong with them. */
export interface Walk {
  readonly path: readonly string[]
  readonly node: CommandNode
  /** First names of the options that are given, each once. */
  readonly options: readonly string[]
  /** What holds however little of the command is shown. */
  readonly findings: readonly Finding[]
  /** What only holds where the command is shown whole: arguments, values and options that it lacks. */
  readonly missing: readonly Finding[]
  /** How many arguments and how many options with all they need are shown. */
  readonly shown: { readonly args: number; readonly options: number; readonly requiredOption: boolean }
  /** Whether anything of it was held against what is known: where it is not, nothing that is written would be wrong. */
  readonly decided: boolean
  /** Why some of it was not judged; always said where nothing was. */
  readonly unjudged: string | undefined
}

/**
 * Follows the words of one command down the tree of its program, as the program's parser would.
 *
 * @param words - without the program
 * @param at - where the program stands, for what is missing right after it
 */
export function walk(tree: CommandTree, words: readonly Word[], at: Place): Walk {
  return new Walking(tree, words, at).result()
}

/** Of one command. Nobody reads more, and a page may have a command of a million words. */
const MAX_FINDINGS = 20

class Walking {
  readonly #tree: CommandTree
  readonly #words: readonly Word[]
  readonly #above: CommandNode[] = []
  readonly #path: string[] = []
  readonly #given: Given[] = []
  readonly #arguments: Word[] = []
  readonly #findings: Finding[] = []
  readonly #missing: Finding[] = []
  /** Options before a sub-command that may turn out to be its own. */
  readonly #early: { word: Word; name: string }[] = []
  #node: CommandNode
  #at: Place
  #unjudged: string | undefined
  #stopped = false
  #dashed = false
  /** `...` stands somewhere: arguments may be hidden in it. */
  #elided = false
  /** `[OPTIONS]` or `...` stands somewhere: options may be hidden in it. */
  #optionsElided = false
  /** `...` stands before the last sub-command: any command below may be meant. */
  #commandElided = false
  /** An unknown option may have taken the next word. */
  #uncertain = false
  /** It asks for help or for the version, which needs nothing else. */
  #asksOnly = false

  constructor(tree: CommandTree, words: readonly Word[], at: Place) {
    this.#tree = tree
    this.#words = words
    this.#node = tree.root
    this.#at = at
  }

  result(): Walk {
    for (let index = 0; index < this.#words.length && !this.#stopped; ) {
      index = this.#take(index)
      if (this.#findings.length >= MAX_FINDINGS) this.#stop(`more than ${MAX_FINDINGS} things are wrong with it`)
    }
    this.#finish()
    const decided = this.#decided()
    return {
      path: this.#path,
      node: this.#node,
      options: [...new Set(this.#given.map(({ spec }) => spec.names[0]))],
      findings: this.#findings,
      missing: this.#missing,
      shown: {
        args: this.#arguments.length,
        options: this.#given.filter(given => !given.lacksValue).length,
        requiredOption: this.#given.some(({ spec, lacksValue }) => spec.required && !lacksValue),
      },
      decided,
      unjudged: this.#unjudged ?? (decided ? undefined : `nothing of the help of ${this.#name} could be read`),
    }
  }

  #decided(): boolean {
    if (this.#path.length > 0 || this.#given.length > 0 || this.#findings.length > 0) return true
    if (this.#stopped || this.#uncertain) return false
    const { args, optionsKnown, commandsKnown, commands } = this.#node
    if (this.#arguments.length > 0) return args !== null
    return args !== null || optionsKnown || commandsKnown || commands.length > 0
  }

  get #name(): string {
    return [this.#tree.program, ...this.#path].join(' ')
  }

  /** Takes the word at `index` and what belongs to it; returns where the next one begins. */
  #take(index: number): number {
    const word = this.#words[index]!
    const first = word.pieces[0]
    const lead = typeof first === 'string' ? first : ''
    if (!this.#dashed && !this.#carries()) {
      if (lead === '--' && word.pieces.length === 1) {
        this.#dashed = true
        return index + 1
      }
      if (/^-./.test(lead) && !(/^-\.?\d/.test(lead) && this.#option(lead.slice(0, 2)) === undefined))
        return this.#takeOption(index, lead)
    }
    const takesCommands = this.#node.commands.length > 0 || !this.#node.commandsKnown
    const wantsCommand = takesCommands && !this.#dashed && (this.#arguments.length === 0 || this.#wouldBeCommand(word))
    if (standsForMany(word)) return this.#takeMany(index, wantsCommand)
    if (wantsCommand) return this.#takeCommand(index)
    this.#arguments.push(word)
    return index + 1
  }

  /** `run <toolchain> <command>...`: from the command on, all words are that one's, options too. */
  #carries(): boolean {
    const { args } = this.#node
    if (args === null || !args.at(-1)?.many) return false
    const carried = args.findIndex(({ name }) => /^(?:command|cmd|program|executable|script)$/i.test(name))
    return carried >= 0 && this.#arguments.length > carried
  }

  #takeMany(index: number, wantsCommand: boolean): number {
    const word = this.#words[index]!
    this.#optionsElided = true
    if (standsForOptions(word)) return index + 1
    this.#elided = true
    if (wantsCommand && isVariable(word)) this.#stop(`${shown(word.source)} may hold the command`)
    else if (wantsCommand) this.#commandElided = true
    return index + 1
  }

  #takeCommand(index: number): number {
    const word = this.#words[index]!
    if (this.#commandElided) return index + 1
    const text = literal(word)
    const name = text ?? placeholderName(word) ?? word.source
    const children = offered(name).map(part => childOf(this.#node, part))
    const child = children[0]
    if (child !== undefined && !children.includes(undefined) && (text !== undefined || children.length > 1)) {
      if (child.name === 'help' && child.commands.length === 0) return this.#takeHelp(index)
      this.#descend(child, word)
      return index + 1
    }
    if (standsForCommand(word) || isVariable(word)) {
      this.#stop(`${shown(word.source)} may be any command`)
      return index + 1
    }
    if (text === 'help' && (this.#node.style === 'clap' || this.#node.style === 'cobra')) return this.#takeHelp(index)
    if (this.#node.args !== null && this.#node.args.length > 0 && !this.#meansCommand(index, name)) {
      this.#arguments.push(word)
      return index + 1
    }
    const near = suggested(name, childNames(this.#node))
    if (!this.#node.commandsKnown) this.#stop(`the commands of ${this.#name} are not all known`)
    else if (this.#node.args === null && !this.#node.commandRequired && near === undefined)
      this.#stop(`the help of ${this.#name} does not say what it takes`)
    else this.#unknownCommand(index, near)
    return index + 1
  }

  /** Where both an argument and a command may stand, a word is a command that is nearly one, and is followed by one of its own. */
  #meansCommand(index: number, name: string): boolean {
    if (this.#node.args?.[0]?.name.startsWith('+') && !name.startsWith('+')) return true
    const near = mistyped(name, childNames(this.#node))
    const child = near === undefined ? undefined : childOf(this.#node, near)
    const next = this.#words[index + 1]
    const text = next === undefined ? undefined : literal(next)
    return child !== undefined && text !== undefined && childOf(child, text) !== undefined
  }

  /** `help a b` names the command `a b`. */
  #takeHelp(index: number): number {
    const from = this.#path.length
    for (let next = index + 1; next < this.#words.length; next++) {
      const word = this.#words[next]!
      const text = literal(word)
      const child = text === undefined ? undefined : childOf(this.#node, text)
      if (child !== undefined) this.#descend(child, word)
      else if (text !== undefined && !text.startsWith('-') && !isPlaceholder(word) && this.#node.commandsKnown) {
        this.#unknownCommand(next, suggested(text, childNames(this.#node)))
        break
      }
    }
    this.#path.splice(from, 0, 'help')
    this.#asksOnly = true
    this.#stopped = true
    return this.#words.length
  }

  #descend(child: CommandNode, word: Word): void {
    this.#above.push(this.#node)
    this.#node = child
    this.#path.push(child.name)
    this.#arguments.length = 0
    this.#at = word.at
  }

  #unknownCommand(index: number, near: string | undefined): void {
    const word = this.#words[index]!
    const text = literal(word) ?? word.source
    const next = this.#words[index + 1]
    const nextText = next === undefined ? undefined : literal(next)
    const turned = nextText === undefined ? undefined : childOf(this.#node, nextText)
    if (next !== undefined && turned !== undefined && childOf(turned, text) !== undefined)
      this.#find('unknown-command', across(word.at, next.at), {
        message: `${this.#name} has no command \`${shown(text)}\`; it stands below \`${turned.name}\``,
        suggestion: `${nextText} ${text}`,
      })
    else {
      const elsewhere = whereabouts(this.#tree).commands.get(text) ?? []
      const below = elsewhere.map(({ path }) => path.slice(0, -1).join(' ')).filter(path => path !== '')
      const option = this.#node.options.some(({ names }) => names.includes(`--${text}`)) ? `--${text}` : undefined
      this.#find('unknown-command', word.at, {
        message: `${this.#name} has no command \`${shown(text)}\`${below.length > 0 ? `; there is one below ${firstOf(below)}` : ''}`,
        suggestion:
          near ?? option ?? (this.#path.length === 0 && below.length === 1 ? `${below[0]} ${text}` : undefined),
      })
    }
    this.#stopped = true
    this.#asksOnly = true
  }

  #takeOption(index: number, lead: string): number {
    const word = this.#words[index]!
    const equals = lead.indexOf('=')
    if (
      lead.startsWith('--') ||
      this.#option(lead) !== undefined ||
      (equals > 0 && this.#option(lead.slice(0, equals)))
    ) {
      const whole = equals > 0 ? lead.slice(0, equals) : lead
      if (equals < 0 && word.pieces.length > 1) {
        this.#unjudged ??= `the name of the option ${shown(word.source)} is not whole`
        this.#uncertain = true
        return index + 1
      }
      const value = equals > 0 ? joined(lead.slice(equals + 1), word.pieces.slice(1)) : undefined
      const names = alternatives(whole)
      if (names.length === 1) return this.#takeNamed(index, whole, whole, value)
      // A synopsis that offers one of several: each has to exist, none is given.
      for (const name of names) this.#lookUp(word, name)
      this.#optionsElided = true
      this.#uncertain = true
      return index + 1
    }
    return this.#takeCluster(index, lead)
  }

  /** `-abc`, `-ovalue`, `-o=value`. */
  #takeCluster(index: number, lead: string): number {
    const word = this.#words[index]!
    for (let at = 1; at < lead.length; at++) {
      const name = `-${lead[at]}`
      const spec = this.#option(name)
      const rest = lead.slice(at + 1)
      const more = rest !== '' || word.pieces.length > 1
      if (spec?.value && more)
        return this.#takeNamed(index, name, lead.slice(0, at + 1), joined(rest.replace(/^=/, ''), word.pieces.slice(1)))
      if (spec === undefined || !more) return this.#takeNamed(index, name, at === 1 ? name : lead, undefined)
      this.#give(spec, word, name)
    }
    return index + 1
  }

  /** @param value - what is attached by `=`, in pieces; undefined where nothing is */
  #takeNamed(index: number, name: string, written: string, value: readonly Piece[] | undefined): number {
    const word = this.#words[index]!
    const spec = this.#lookUp(word, name, written)
    if (spec === undefined) return index + 1
    const given = this.#give(spec, word, name)
    if (spec.value === null) {
      if (value !== undefined)
        this.#find('flag-value-unexpected', word.at, { message: `${name} takes no value`, suggestion: written })
      return index + 1
    }
    if (value !== undefined) {
      if (value.length === 0) this.#lacksValue(given, spec)
      else given.values.push({ pieces: value, word })
      return index + 1
    }
    if (spec.value.attached) {
      if (!spec.value.optional) this.#lacksValue(given, spec)
      return index + 1
    }
    let next = index + 1
    while (next < this.#words.length && (spec.value.many || next === index + 1)) {
      const following = this.#words[next]!
      if (looksLikeOption(following)) break
      if (spec.value.optional && this.#wouldBeCommand(following)) break
      given.values.push({ pieces: following.pieces, word: following })
      next++
    }
    if (next === index + 1 && !spec.value.optional) this.#lacksValue(given, spec)
    return next
  }

  #wouldBeCommand(word: Word): boolean {
    const text = literal(word)
    return text !== undefined && childOf(this.#node, text) !== undefined
  }

  #lacksValue(given: Given, spec: OptionSpec): void {
    given.lacksValue = true
    // `[--limit --cursor]` in a synopsis names options.
    if (given.word.optional || this.#missing.length >= MAX_FINDINGS) return
    const name = spec.value?.values?.join(', ') ?? `<${spec.value?.name}>`
    this.#missing.push({
      rule: 'flag-value-missing',
      severity: 'error',
      at: given.word.at,
      message: `${given.name} of ${this.#name} lacks its value: ${name}`,
    })
  }

  #give(spec: OptionSpec, word: Word, name: string): Given {
    const given: Given = { spec, word, name, values: [], lacksValue: false }
    this.#given.push(given)
    return given
  }

  /** What an option of this name is at the present command, or at one that `...` may hide. */
  #option(name: string): OptionSpec | undefined {
    const meant = meantOption(this.#node, this.#above, name)
    if (meant !== undefined || !this.#commandElided) return meant
    return this.#below(name).find(({ path }) => path.length >= this.#path.length)?.spec
  }

  /** Where options of this name are at the present command and below it. */
  #below(name: string): readonly (Located & { readonly spec: OptionSpec })[] {
    const all = whereabouts(this.#tree).options.get(name) ?? []
    return all.filter(({ path }) => this.#path.every((step, at) => path[at] === step))
  }

  /** As `#option`, and tells when there is none; a near one is taken for the one that was meant. */
  #lookUp(word: Word, name: string, written = name): OptionSpec | undefined {
    const spec = this.#option(name)
    if (spec !== undefined) {
      if (/^(?:--help|-h|--version|-V)$/.test(name) && spec.value === null) this.#asksOnly = true
      return spec
    }
    if (name === '--help' || name === '-h') {
      this.#asksOnly = true
      return undefined
    }
    if (this.#node.style === 'cobra' && this.#arguments.length === 0) {
      const [below] = this.#below(name)
      if (below !== undefined) {
        this.#early.push({ word, name })
        return below.spec
      }
    }
    if (!this.#node.optionsKnown) {
      this.#stop(`the options of ${this.#name} are not all known, ${shown(name)} among them`)
      return undefined
    }
    return this.#unknownOption(word, name, written)
  }

  #unknownOption(word: Word, name: string, written: string): OptionSpec | undefined {
    const elsewhere = whereabouts(this.#tree).options.get(name) ?? []
    const near = elsewhere.length > 0 ? undefined : nearestOption(this.#node, name)
    const owners = elsewhere.map(({ path }) => [this.#tree.program, ...path].join(' '))
    this.#find('unknown-flag', placeOfStart(word, written), {
      message: `${this.#name} has no option \`${shown(name)}\`${owners.length > 0 ? `; it is one of ${firstOf(owners)}` : ''}`,
      suggestion: near,
    })
    const meant = near === undefined ? elsewhere[0]?.spec : optionOf(this.#node, near)
    if (meant === undefined) this.#uncertain = true
    return meant
  }

  #finish(): void {
    for (const { word, name } of this.#early)
      if (optionOf(this.#node, name) === undefined && !this.#stopped) this.#unknownOption(word, name, name)
    this.#findings.push(...judgeGiven(this.#given, this.#node, this.#name).slice(0, MAX_FINDINGS))
    if (this.#stopped) return
    if (!this.#uncertain && !this.#commandElided) {
      const judged = judgeArguments(this.#arguments, this.#node, this.#name, this.#at)
      this.#findings.push(...judged.findings.slice(0, MAX_FINDINGS))
      if (judged.unjudged !== undefined) this.#unjudged ??= judged.unjudged
      if (!this.#elided && !this.#asksOnly) this.#missing.push(...judged.missing)
    }
    if (this.#asksOnly) return
    if (!this.#optionsElided) this.#missing.push(...missingOptions(this.#given, this.#node, this.#name, this.#at))
    if (this.#node.commandRequired && this.#arguments.length === 0 && !this.#elided)
      this.#missing.push({
        rule: 'argument-missing',
        severity: 'error',
        at: this.#at,
        message: `${this.#name} lacks a command: ${listed(this.#node.commands.map(({ name }) => name).filter(name => name !== 'help'))}`,
      })
  }

  #find(rule: RuleId, at: Place, { message, suggestion }: { message: string; suggestion?: string | undefined }): void {
    this.#findings.push({ rule, severity: 'error', at, message, ...(suggestion === undefined ? {} : { suggestion }) })
  }

  #stop(why: string): void {
    this.#unjudged ??= why
    this.#stopped = true
  }
}

function joined(first: string, rest: readonly Piece[]): readonly Piece[] {
  return first === '' ? rest : [first, ...rest]
}

/** The first three of several places, each once, and how many more there are. */
function firstOf(places: readonly string[]): string {
  const all = [...new Set(places)]
  const named = all
    .slice(0, 3)
    .map(place => `\`${place}\``)
    .join(', ')
  return all.length > 3 ? `${named} and ${all.length - 3} more` : named
}

/** Whether a word that stands where a value is expected is an option: `-` and `-1` are values. */
function looksLikeOption(word: Word): boolean {
  const first = word.pieces[0]
  return typeof first === 'string' && /^-./.test(first) && !/^-\.?\d/.test(first)
}

/** `up|down`, and `up/down` where prose names both. */
function offered(name: string): readonly string[] {
  return /^[\w-]+(?:\/[\w-]+)+$/.test(name) ? name.split('/') : alternatives(name)
}

function listed(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ')
}

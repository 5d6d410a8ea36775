import type { Piece, Word } from '../command.ts'
import type { OptionSpec } from '../tree/tree.ts'
import { nearestOption, optionOf } from './find-option.ts'
import type { Given } from './given.ts'
import { firstOf, shown } from './near.ts'
import { MAX_FINDINGS, type WalkState } from './walk-state.ts'
import { whereabouts } from './whereabouts.ts'
import { alternatives, placeOfStart } from './word.ts'

/**
 * Takes an option and its values, as the parser would.
 *
 * @param index - of the word in `state.words`
 * @param lead - the literal text it begins with
 * @returns where the next word begins
 */
export function takeOption(state: WalkState, index: number, lead: string): number {
  const word = state.words[index]!
  const equals = lead.indexOf('=')
  if (
    lead.startsWith('--') ||
    state.option(lead) !== undefined ||
    (equals > 0 && state.option(lead.slice(0, equals)))
  ) {
    const whole = equals > 0 ? lead.slice(0, equals) : lead
    if (equals < 0 && word.pieces.length > 1) {
      state.unjudged ??= `the name of the option ${shown(word.source)} is not whole`
      state.uncertain = true
      return index + 1
    }
    const value = equals > 0 ? joined(lead.slice(equals + 1), word.pieces.slice(1)) : undefined
    const names = alternatives(whole)
    if (names.length === 1) return takeNamed(state, index, whole, whole, value)
    // A synopsis that offers one of several: each has to exist, none is given.
    for (const name of names) lookUp(state, word, name)
    state.optionsElided = true
    state.uncertain = true
    return index + 1
  }
  return takeCluster(state, index, lead)
}

/** `-abc`, `-ovalue`, `-o=value`. */
function takeCluster(state: WalkState, index: number, lead: string): number {
  const word = state.words[index]!
  for (let at = 1; at < lead.length; at++) {
    const name = `-${lead[at]}`
    const spec = state.option(name)
    const rest = lead.slice(at + 1)
    const more = rest !== '' || word.pieces.length > 1
    if (spec?.value && more)
      return takeNamed(state, index, name, lead.slice(0, at + 1), joined(rest.replace(/^=/, ''), word.pieces.slice(1)))
    if (spec === undefined || !more) return takeNamed(state, index, name, at === 1 ? name : lead, undefined)
    give(state, spec, word, name)
  }
  return index + 1
}

/** @param value - what is attached by `=`, in pieces; undefined where nothing is */
function takeNamed(
  state: WalkState,
  index: number,
  name: string,
  written: string,
  value: readonly Piece[] | undefined,
): number {
  const word = state.words[index]!
  const spec = lookUp(state, word, name, written)
  if (spec === undefined) return index + 1
  const given = give(state, spec, word, name)
  if (spec.value === null) {
    if (value !== undefined)
      state.find('flag-value-unexpected', word.at, { message: `${name} takes no value`, suggestion: written })
    return index + 1
  }
  if (value !== undefined) {
    if (value.length === 0) lacksValue(state, given, spec)
    else given.values.push({ pieces: value, word })
    return index + 1
  }
  if (spec.value.attached) {
    if (!spec.value.optional) lacksValue(state, given, spec)
    return index + 1
  }
  let next = index + 1
  while (next < state.words.length && (spec.value.many || next === index + 1)) {
    const following = state.words[next]!
    if (looksLikeOption(following)) break
    if (spec.value.optional && state.isCommand(following)) break
    given.values.push({ pieces: following.pieces, word: following })
    next++
  }
  if (next === index + 1 && !spec.value.optional) lacksValue(state, given, spec)
  return next
}

function lacksValue(state: WalkState, given: Given, spec: OptionSpec): void {
  given.lacksValue = true
  // `[--limit --cursor]` in a synopsis names options.
  if (given.word.optional || state.missing.length >= MAX_FINDINGS) return
  const name = spec.value?.values?.join(', ') ?? `<${spec.value?.name}>`
  state.missing.push({
    rule: 'flag-value-missing',
    severity: 'error',
    at: given.word.at,
    message: `${given.name} of ${state.name} lacks its value: ${name}`,
  })
}

function give(state: WalkState, spec: OptionSpec, word: Word, name: string): Given {
  const given: Given = { spec, word, name, values: [], lacksValue: false }
  state.given.push(given)
  return given
}

/** As `state.option`, and tells when there is none; a near one is taken for the one that was meant. */
function lookUp(state: WalkState, word: Word, name: string, written = name): OptionSpec | undefined {
  const spec = state.option(name)
  if (spec !== undefined) {
    if (/^(?:--help|-h|--version|-V)$/.test(name) && spec.value === null) state.asksOnly = true
    return spec
  }
  if (name === '--help' || name === '-h') {
    state.asksOnly = true
    return undefined
  }
  if (state.node.style === 'cobra' && state.args.length === 0) {
    const [below] = state.below(name)
    if (below !== undefined) {
      state.early.push({ word, name })
      return below.spec
    }
  }
  if (!state.node.optionsKnown) {
    state.stop(`the options of ${state.name} are not all known, ${shown(name)} among them`)
    return undefined
  }
  return unknownOption(state, word, name, written)
}

/** Tells that there is no such option; returns the one that was meant, so that what follows is read as its value. */
export function unknownOption(state: WalkState, word: Word, name: string, written: string): OptionSpec | undefined {
  const elsewhere = whereabouts(state.tree).options.get(name) ?? []
  const near = elsewhere.length > 0 ? undefined : nearestOption(state.node, name)
  const owners = elsewhere.map(({ path }) => [state.tree.program, ...path].join(' '))
  state.find('unknown-flag', placeOfStart(word, written), {
    message: `${state.name} has no option \`${shown(name)}\`${owners.length > 0 ? `; it is one of ${firstOf(owners)}` : ''}`,
    suggestion: near,
  })
  const meant = near === undefined ? elsewhere[0]?.spec : optionOf(state.node, near)
  if (meant === undefined) state.uncertain = true
  return meant
}

function joined(first: string, rest: readonly Piece[]): readonly Piece[] {
  return first === '' ? rest : [first, ...rest]
}

/** Whether a word that stands where a value is expected is an option: `-` and `-1` are values. */
function looksLikeOption(word: Word): boolean {
  const first = word.pieces[0]
  return typeof first === 'string' && /^-./.test(first) && !/^-\.?\d/.test(first)
}

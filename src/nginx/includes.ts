import { RunproofError } from '../model/error.ts'
import type { ConfigFiles } from '../model/nginx.ts'
import type { ConfigFile, Configuration, Directive } from './ast.ts'
import { isPattern } from './glob.ts'
import { invalid, placeOf } from './invalid.ts'
import { parseConfig } from './parse.ts'

/** More than any configuration has: what exceeds one of them is a mistake or an attack, and is refused instead of being read. */
export interface ConfigLimits {
  readonly files: number
  /** Of all files together, each counted once. */
  readonly bytes: number
  /** With every include put in its place, as often as it is included. */
  readonly directives: number
  /** Blocks and includes in each other. */
  readonly depth: number
}

export const CONFIG_LIMITS: ConfigLimits = { files: 10_000, bytes: 64 * 2 ** 20, directives: 2_000_000, depth: 1000 }

/** What a file comes to with all its includes in place. */
interface Weight {
  readonly directives: number
  readonly depth: number
}

/**
 * A configuration with everything it includes, each file read once. As in nginx, a relative path is relative to the
 * directory of the main file, whichever file includes it; a pattern without a match is nothing; and `include` means the
 * same in every block.
 *
 * @param main - path of the main file, as positions shall name it
 * @throws RunproofError FILE_UNREADABLE when the main file cannot be read; CONFIG_INVALID with the place of the `include`
 *   when another one cannot, or includes itself, or a limit is passed; and for what {@link parseConfig} refuses
 */
export function readIncludes(main: string, reader: ConfigFiles, limits: ConfigLimits = CONFIG_LIMITS): Configuration {
  const prefix = main.slice(0, main.lastIndexOf('/') + 1)
  const files = new Map<string, ConfigFile>()
  const weights = new Map<ConfigFile, Weight>()
  const included = new Map<Directive, readonly ConfigFile[]>()
  let bytesLeft = limits.bytes

  const read = (path: string): ConfigFile => {
    const bytes = reader.read(path, bytesLeft)
    bytesLeft -= bytes.byteLength
    try {
      return parseConfig(path, bytes)
    } catch (thrown) {
      if (!(thrown instanceof RunproofError) || !bytes.includes(0)) throw thrown
      throw new RunproofError(thrown.code, thrown.message, {
        hint: `${path} holds NUL bytes: is it a text at all?`,
        cause: thrown,
      })
    }
  }

  const open = (path: string, chain: readonly Include[], level: number): ConfigFile => {
    const known = files.get(path)
    if (known !== undefined) return known
    const by = chain.at(-1)
    let file: ConfigFile
    if (by === undefined) file = read(path)
    else {
      if (files.size >= limits.files)
        throw invalid(
          by.directive.name.at,
          `more than ${limits.files} files are included`,
          'does a pattern match too much?',
        )
      try {
        file = read(path)
      } catch (thrown) {
        throw thrown instanceof RunproofError && thrown.code !== 'CONFIG_INVALID'
          ? unreadable(by.directive, path, thrown)
          : thrown
      }
    }
    files.set(path, file)
    weights.set(file, weigh(file.directives, { path, chain, level }))
    return file
  }

  const weigh = (directives: readonly Directive[], within: Within): Weight => {
    let count = 0
    let depth = 0
    for (const directive of directives) {
      const inner = weighInside(directive, { ...within, level: within.level + 1 })
      count += 1 + inner.directives
      depth = Math.max(depth, inner.depth)
      if (count > limits.directives) throw tooMany(directive, limits)
    }
    return { directives: count, depth }
  }

  const weighInside = (directive: Directive, within: Within): Weight => {
    if (within.level > limits.depth) throw tooDeep(directive, limits)
    if (directive.body.kind === 'block') {
      const { directives, depth } = weigh(directive.body.directives, within)
      return { directives, depth: depth + 1 }
    }
    return isInclude(directive) ? include(directive, within) : { directives: 0, depth: 0 }
  }

  const include = (directive: Directive, { path: from, chain, level }: Within): Weight => {
    const [argument] = directive.args
    const path = argument!.text.startsWith('/') ? argument!.text : prefix + argument!.text
    const inner = [...chain, { path: from, directive }]
    const found = (isPattern(path) ? reader.expand(path) : [path]).map(one => {
      const begun = inner.findIndex(link => link.path === one)
      if (begun !== -1) throw loop(inner.slice(begun), one)
      return open(one, inner, level)
    })
    included.set(directive, found)
    let directives = 0
    let depth = 0
    for (const weight of found.map(file => weights.get(file)!)) {
      directives += weight.directives
      depth = Math.max(depth, weight.depth)
    }
    // a file that was read before may now be included further inside
    if (level + depth > limits.depth) throw tooDeep(directive, limits)
    return { directives, depth: depth + 1 }
  }

  open(main, [], 0)
  return { files: [...files.values()], included }
}

/** A file and the directive in it that goes on to the next. */
interface Include {
  readonly path: string
  readonly directive: Directive
}

interface Within {
  readonly path: string
  /** From the main file to this one. */
  readonly chain: readonly Include[]
  /** Blocks and includes around. */
  readonly level: number
}

function isInclude({ name, args, body }: Directive): boolean {
  return name.text === 'include' && args.length === 1 && body.kind === 'ended'
}

function unreadable({ name }: Directive, path: string, cause: RunproofError) {
  const hint = cause.hint ?? 'relative paths are relative to the directory of the main configuration file'
  return new RunproofError('CONFIG_INVALID', `${placeOf(name.at)}: ${path} is included: ${cause.message}`, {
    hint,
    cause,
  })
}

function loop(chain: readonly Include[], path: string) {
  const steps = chain.map(({ directive }) => placeOf(directive.name.at))
  return invalid(
    chain.at(-1)!.directive.name.at,
    `${path} includes itself${chain.length > 1 ? `: ${steps.join(' -> ')}` : ''}`,
    'remove one of these includes',
  )
}

function tooMany({ name }: Directive, { directives }: ConfigLimits) {
  const problem = `with every include in its place there are more than ${directives} directives`
  return invalid(name.at, problem, 'is a file included by each of many others?')
}

function tooDeep({ name }: Directive, { depth }: ConfigLimits) {
  return invalid(name.at, `more than ${depth} blocks and includes are in each other`, 'is a "}" missing before it?')
}

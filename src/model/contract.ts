import type { Json } from './check.ts'

/** Who asks: with a token of a role, with one nobody knows, or without. */
export type As = 'admin' | 'readonly' | 'wrong' | 'nobody'

/** A request, as it is sent. */
export interface HttpAsk {
  readonly path: string
  /** Default GET. */
  readonly method?: string
  /** Default `admin`. */
  readonly as?: As
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: Json
}

/** A command of the client, run beside the daemon. */
export interface ClientAsk {
  readonly words: readonly string[]
  /** Default `admin`. */
  readonly as?: As
  readonly stdin?: string
}

/**
 * What a value has to be: a type, a pattern, exactly something, a list of things alike, or an object with at least these members. A
 * member whose name ends with `?` may be absent. Only a list of `any` may be empty.
 */
export type Shape =
  | 'text'
  | 'count'
  | 'number'
  | 'flag'
  | 'any'
  | RegExp
  | { readonly is: Json }
  | { readonly oneOf: readonly Json[] }
  | { readonly listOf: Shape }
  | { readonly members: Readonly<Record<string, Shape>> }

export interface Expected {
  /** Of an HTTP answer. */
  readonly status?: number
  /** Of a command. */
  readonly exit?: number
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, RegExp>>
  /** Of a JSON body, or of what a command prints on standard output. */
  readonly json?: Shape
  /** Of any other body, or of standard error where a command is to fail. */
  readonly text?: RegExp
}

/** One statement of a target's contract, which an isolated daemon of any binary can be asked about. */
export interface Fact {
  /** Letters, digits and dashes. */
  readonly id: string
  /** Where the contract says it, for instance `core 2.3`. */
  readonly section: string
  readonly says: string
  /** Asked first, in order; their answers do not matter. */
  readonly before?: readonly (HttpAsk | ClientAsk)[]
  readonly ask: HttpAsk | ClientAsk
  readonly expected: Expected
}

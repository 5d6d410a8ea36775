import type { Configuration } from '../ast.ts'
import type { Asked } from '../view.ts'
import type { Location } from './location.ts'
import type { Captures } from './pattern.ts'
import type { Scope } from './scope.ts'
import type { Server, Socket } from './server.ts'
import type { Value } from './value.ts'
import type { VariableBlocks } from './variable-blocks.ts'

/** A request on its way through the phases of nginx. Texts are bytes, one a character. */
export interface Running {
  readonly configuration: Configuration
  readonly variableBlocks: VariableBlocks
  readonly asked: Asked
  readonly socket: Socket
  readonly server: Server
  /** Normalised. */
  readonly host: string
  readonly unparsed: string
  /** Whether the path had percent-encoded bytes, or a plus. */
  readonly quoted: boolean
  readonly plus: boolean
  method: string
  uri: string
  args: string
  /** Whether a variable that is not known has become part of the path or the query. */
  blurred: boolean
  /** Set as soon as the configuration itself has changed where the request goes. */
  internal: boolean
  /** Whether the path can still be passed on as it came. */
  asItCame: boolean
  /** Whether the location is still the one that the path was matched with. */
  matched: boolean
  /** Whether a rewrite asks for a new search for a location. */
  changed: boolean
  location: Location
  /** Where settings are looked up: the location, or a block in it. */
  scope: Scope
  /** The block that says which module answers. */
  handlerScope: Scope
  captures: Captures['groups']
  /** By `set` and by named groups. */
  readonly variables: Map<string, Value>
  /** What `map` came to the first time. */
  readonly mapped: Map<string, Value>
  /** `$proxy_host`, once it is known where the request is passed on to. */
  proxyHost: string | undefined
  unsure(sentence: string): void
}

/** What a rewrite or a condition caught. One that did not match empties `$1`, but not the groups that have names. */
export function capture(running: Running, captures: Captures | undefined): void {
  running.captures = captures?.groups ?? []
  for (const [name, text] of captures?.named ?? []) running.variables.set(name.toLowerCase(), [text])
}

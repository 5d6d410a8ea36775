import type { Directive, Position } from './ast.ts'

/** A request of which the configuration is asked what becomes of it. */
export interface Asked {
  readonly scheme: 'http' | 'https'
  /** Of the Host header and of SNI, without a port. */
  readonly host: string
  /**
   * Where the connection arrives. Default: the port that the scheme usually has, else the first address; rather one where a
   * server has a name for the host. For a socket the address is its path, and the port is not looked at.
   */
  readonly listen?: { readonly address?: string; readonly port: number }
  /** As sent, with its query. */
  readonly path: string
  /** Default GET. */
  readonly method?: string
  /** All of them. Without, nothing is known of the headers but the host. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Where a setting in effect was made. */
export type Level = 'default' | 'main' | 'http' | 'server' | 'location' | 'if'

/** What a directive that holds one value comes to. */
export interface Setting {
  /** Its arguments as nginx reads them, or the documented default. */
  readonly args: readonly string[]
  readonly level: Level
  /** Absent for a default. */
  readonly at?: Position
}

/** One of the directives that add up within a level and replace those of the levels outside. */
export interface ListedSetting {
  readonly args: readonly string[]
  readonly level: Level
  readonly at: Position
}

export interface Listen {
  /** As written. */
  readonly text: string
  /** `*` for every address; a path for a socket. */
  readonly address: string
  /** Undefined for a socket. */
  readonly port: number | undefined
  readonly tls: boolean
  readonly http2: boolean
  /** Whether it takes what no server behind the address has a name for: the first one, unless another says so. */
  readonly defaultServer: boolean
  readonly at: Position
}

export interface UpstreamServer {
  readonly address: string
  readonly options: readonly string[]
  readonly at: Position
}

/** Where a request is passed on to. */
export interface Upstream {
  /** `http`, `https`, `grpc`, … */
  readonly scheme: string
  /** The name of an `upstream` block, or the host as written. */
  readonly name: string
  /** Of the block, or the one written. Empty where variables decide that are not known. */
  readonly servers: readonly UpstreamServer[]
  /** Whether variables decide where it goes, known or not. */
  readonly dynamic: boolean
  /** What the path becomes: the part that the location matched is replaced by this; undefined: passed as it came. */
  readonly uri: string | undefined
  /** Directives of its `upstream` block, if it has one. */
  readonly block: Directive | undefined
}

/** What is done with the request. */
export type Action =
  | { readonly kind: 'proxy'; readonly upstream: Upstream; readonly at: Position }
  /** Also where nginx refuses by itself. 444: the connection is closed, or not even opened. */
  | { readonly kind: 'return'; readonly status: number; readonly text: string | undefined; readonly at: Position }
  | {
      readonly kind: 'files'
      readonly how: 'root' | 'alias' | 'try_files'
      readonly text: string
      readonly at?: Position
    }
  /** Another module answers, for instance `stub_status` or `fastcgi_pass`. */
  | { readonly kind: 'module'; readonly directive: string; readonly at: Position }

/** A `location`, or the `server` itself, seen as the place where a request ends up. */
export interface LocationView {
  /** As written, for instance `~ ^/v1/` or `/`; empty for the server itself. */
  readonly text: string
  readonly modifier: '' | '=' | '^~' | '~' | '~*' | '@'
  readonly at: Position
}

export interface ServerView {
  readonly names: readonly string[]
  readonly listens: readonly Listen[]
  readonly at: Position
  readonly directive: Directive
}

/** What one request gets. */
export interface View {
  readonly asked: Asked
  readonly server: ServerView
  /** Why this server: `name`, or `default` when no name matched. */
  readonly chosenBy: 'name' | 'default'
  /** Undefined where none matched. */
  readonly location: LocationView | undefined
  readonly action: Action
  /** Of the request as it ends up: an `error_page` makes it GET. */
  readonly method: string
  /** What an upstream is asked for: path and query. Undefined where nothing is passed on, or where variables decide. */
  readonly upstreamPath: string | undefined
  /** Of the answer, where nginx sets it; undefined where the upstream, a file or another module does. */
  readonly status: number | undefined
  /** What could not be known without running it: rewrites with variables, `if` on a header. One sentence each. */
  readonly uncertain: readonly string[]
  /**
   * Without arguments where it is not written and has no value by default.
   *
   * @throws RangeError for a directive that holds more than one value, or is not written and its default not known
   */
  setting(directive: string): Setting
  /** Directives like `proxy_set_header` and `add_header`: those of the innermost level that has any, and of no other. */
  listed(directive: string): readonly ListedSetting[]
  /** A text with variables, as it stands in an argument, with the values that are known for this request. */
  fill(template: string): Filled
}

/** What a text with variables comes to. */
export interface Filled {
  /** With `$name` for what is not known. */
  readonly text: string
  readonly known: boolean
  /** As in {@link View.uncertain}, for this text. */
  readonly uncertain: readonly string[]
}

/** A configuration that can be asked. */
export interface Effective {
  readonly servers: readonly ServerView[]
  /** Every `location` of every server, nested ones too, and each server itself: what rules about all of them go through. */
  readonly places: readonly Place[]
  /** @throws RunproofError CONFIG_INVALID when no server listens for the scheme, or where the connection arrives */
  view(asked: Asked): View
}

/** A place that handles requests, whichever they are. */
export interface Place {
  readonly server: ServerView
  readonly location: LocationView | undefined
  readonly action: Action | undefined
  readonly directive: Directive
  setting(directive: string): Setting
  listed(directive: string): readonly ListedSetting[]
}

import type { AccessApi } from './access-api.ts'
import type { CaptureAgentsApi } from './capture-agents.ts'
import type { Json } from './check.ts'
import type { Command } from './command.ts'
import type { ConnectorsApi } from './connectors-api.ts'
import type { Fact } from './contract.ts'
import type { EdgeApi } from './edge-api.ts'
import type { EventsApi } from './events-api.ts'
import type { IncidentApi } from './incident-api.ts'
import type { McpApi } from './mcp.ts'
import type { PersistenceApi } from './persistence-api.ts'
import type { RunsApi } from './runs-api.ts'
import type { SignalsApi } from './signals.ts'

/** Everything a daemon is started with. Paths are absolute. */
export interface ServeOptions {
  readonly binary: string
  readonly bind: string
  readonly stateRoot: string
  readonly workspaceRoot: string
  readonly routesFile: string
  readonly masterKeyFile: string
  readonly adminTokenFile: string
  readonly readonlyTokenFile: string
}

/** What a daemon is started with besides; an isolated one acts on nothing unless it is told to here. */
export interface ServeExtras {
  /** Where its model provider answers, instead of the provider's own address. */
  readonly providerUrl?: string
  readonly mcpConfigFile?: string
  /** What the stand-in is to do wrong. */
  readonly faults?: readonly string[]
}

/** How a client command reaches the daemon. */
export interface ClientOptions {
  readonly binary: string
  readonly baseUrl: string
  readonly tokenFile: string
}

export interface HealthWarning {
  readonly severity: 'info' | 'warning' | 'error'
  readonly code: string
}

/** The parts of the status document that a drill judges. Strictly read: a missing or renamed member is an error, never a default. */
export interface StatusView {
  readonly healthOk: boolean
  readonly warnings: readonly HealthWarning[]
  readonly storageOk: boolean
  readonly lockHeld: boolean
  readonly activeRouteReady: boolean
  readonly routeErrorCount: number
  readonly routeCount: number
  readonly unresolvedDeadLetters: number
  readonly runsTotal: number
  readonly sessionsTotal: number
  readonly stateRoot: string
  readonly debugLevel: string
  readonly authEnabled: boolean
  readonly bindIsLoopback: boolean
}

export interface SlotView {
  readonly id: string
  readonly provider: string
  readonly updatedAtMs: number
}

export interface RunView {
  readonly id: string
  readonly sessionId: string
  readonly status: string
  readonly terminal: boolean
  readonly updatedAtMs: number
}

/** A route as its diagnosis lists it. */
export interface RouteView {
  readonly id: string
  /** As the client’s own option calls it. */
  readonly provider: string
  readonly model: string
  /** The slot that its credential is in; undefined where it is not in one. */
  readonly slot: string | undefined
}

export interface RoutesDiagnosis {
  readonly ok: boolean
  readonly routeCount: number
  readonly authChecked: boolean
  readonly referencesChecked: boolean
  readonly authRefs: readonly string[]
  readonly routes: readonly RouteView[]
  /** Severity and code of everything that was found, also of what is no error. */
  readonly diagnostics: readonly string[]
  readonly errors: readonly string[]
}

export interface Diagnosis {
  readonly ok: boolean
  readonly checkNames: readonly string[]
  readonly errors: readonly string[]
}

/** Where a daemon keeps what a drill reads from disk, relative to its state root. */
export interface StateLayout {
  readonly lockFile: string
  readonly auditKeyFile: string
  readonly runsDir: string
  readonly ledgerDir: string
  readonly checkpointDir: string
  readonly brokerStateFile: string
  readonly slotStoreFile: string
  /** File names that must never lie inside a data archive: a key beside the data it protects. */
  readonly neverArchived: RegExp
  /** Made and removed by the daemon itself at any time. */
  readonly transient: RegExp
}

/** What one file of client output or one HTTP body says; each throws RunproofError ANSWER_MALFORMED naming the member. */
export interface TargetReaders {
  status(document: Json): StatusView
  slots(document: Json): readonly SlotView[]
  runs(document: Json): readonly RunView[]
  sessions(document: Json): readonly string[]
  routes(document: Json): RoutesDiagnosis
  diagnosis(document: Json): Diagnosis
  /** Slots blocked by a revocation, from the broker's state file. */
  revokedSlots(document: Json): readonly string[]
  /** What the revocation of a slot answers. */
  slotRevocation(document: Json): { readonly slotId: string; readonly revokedLeases: number }
}

export type CompanionName = 'provider' | 'connector' | 'oauth' | 'mcp' | 'upstream'

/** A daemon that runproof can act on. Only files in `src/targets/` know a product. */
export interface Target {
  readonly id: string
  readonly title: string
  /** False for the stand-in: evidence never calls it real. */
  readonly real: boolean
  readonly capabilities: readonly string[]
  /** The program's name in documentation and commands. */
  readonly program: string
  /** Programs that stand in for what a daemon has around it, by what they are. Each takes `--port`. */
  readonly companions: Readonly<Record<CompanionName, string>>
  /** What its contract says and a binary can be asked about. */
  readonly contract: readonly Fact[]
  /** Where the binary is when no `binary=` is given; undefined when it must be given. */
  readonly bundledBinary?: string
  readonly layout: StateLayout
  readonly read: TargetReaders
  readonly http: {
    readonly ready: string
    readonly status: string
    readonly secrets: string
    /** Costs the daemon next to nothing, and any token may ask for it. */
    readonly cheap: string
    readonly refusedMutation: { path: string; body: string }
  }
  readonly captureAgents: CaptureAgentsApi
  readonly mcp: McpApi
  readonly runs: RunsApi
  readonly events: EventsApi
  readonly access: AccessApi
  readonly connectors: ConnectorsApi
  readonly persistence: PersistenceApi
  readonly signals: SignalsApi
  readonly edge: EdgeApi
  readonly incident: IncidentApi
  /** Codes of warnings that a boot from a copy brings by itself, and that are gone or harmless afterwards. */
  readonly bootWarnings: readonly string[]
  serve(options: ServeOptions & ServeExtras): Command
  client(options: ClientOptions, words: readonly string[]): Command
  /** How the client ends when it could not reach the daemon: there was no answer, neither yes nor no. */
  readonly unreachableExit: number
  /** A command of the binary that needs no daemon. */
  offline(options: { binary: string; masterKeyFile?: string }, words: readonly string[]): Command
}

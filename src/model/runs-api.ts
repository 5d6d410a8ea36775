import type { Json } from './check.ts'

export interface SessionView {
  readonly id: string
  readonly agentId: string
}

/** A run as its daemon tells it, whole enough to hold it against what was asked. */
export interface RunDetail {
  readonly id: string
  readonly sessionId: string
  readonly agentId: string
  readonly status: string
  readonly terminal: boolean
  /** Texts it has put out, in order. */
  readonly outputs: readonly string[]
  /** What a failed run says of itself. */
  readonly error: string | undefined
}

/** What a daemon keeps of a session. */
export interface SessionJournal {
  readonly sessionId: string
  readonly entries: number
  /** Compact JSON of all of it, to look a text up in. */
  readonly text: string
}

export interface RuntimeView {
  readonly permissionMode: string
  readonly debugLevel: string
  readonly stateRoot: string
  /** Grows with every change. */
  readonly revision: number
  readonly routes: readonly { readonly id: string; readonly provider: string; readonly model: string }[]
  readonly activeRoute: string | undefined
}

export interface Problem {
  readonly status: number
  readonly code: string
  readonly domain: string | undefined
}

/** Sessions, runs and the settings they run under: the calls, and strict readers of what they answer. */
export interface RunsApi {
  readonly paths: {
    readonly sessions: string
    readonly runtime: string
    session(id: string): string
    /** Where a session takes its input. */
    submit(sessionId: string): string
    run(id: string): string
    /** The newest runs, the newest of them last. */
    newest(limit: number): string
    /** What a run did outside the daemon, signed. */
    actions(runId: string): string
  }
  createSession(id: string): Json
  /** What sets a permission mode or a debug level, as the daemon writes them, where there is no client: a POST. */
  setting(name: 'permissionMode' | 'debugLevel', value: string): { readonly path: string; readonly body: Json }
  /** An input that calls no tools and is answered in few words. */
  submission(content: string, routeId: string): Json
  /** What the ledger says of a model that was called at this origin. */
  actionTarget(provider: string, origin: string): string
  readonly read: {
    session(document: Json): SessionView
    sessionIds(document: Json): readonly string[]
    journal(document: Json): SessionJournal
    run(document: Json): RunDetail
    runs(document: Json): readonly RunDetail[]
    runtime(document: Json): RuntimeView
    /** Whether there was anything to interrupt. */
    interrupted(document: Json): boolean
    /** Ids of a session's tasks. */
    tasks(document: Json): readonly string[]
    /** Runs that deliveries belong to. */
    deliveries(document: Json): readonly { readonly id: string; readonly runId: string | undefined }[]
    problem(document: Json): Problem
    /** Routes that were tried with a run, and how that ended. */
    canaries(document: Json): readonly { readonly routeId: string; readonly status: string; readonly runId: string }[]
  }
}

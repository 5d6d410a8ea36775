import { type Capture, capture } from '../model/capture.ts'
import type { TargetHttp } from '../model/http.ts'
import type { Inside, Instance, Readiness, StopReport } from '../model/instance.ts'
import type { Lure, TlsFront } from '../model/interposer.ts'
import type { Secret } from '../model/secret.ts'
import type { ServeExtras } from '../model/target.ts'

/** A daemon's place on this machine: what it is started with. */
export interface Site {
  readonly binary: string
  readonly stateRoot: string
  readonly workspaceRoot: string
  readonly routesFile: string
  readonly masterKeyFile: string
}

/** From what an isolated daemon is started, and another one like it can be. */
export interface Recipe extends Site {
  /** Private directory; everything of the instance lies in one of its own below it. */
  readonly scratchDir: string
  /** More files and directories that it reads. */
  readonly readable?: readonly string[]
  readonly tunnels?: readonly string[]
  /** Names that lead to itself. */
  readonly names?: readonly string[]
  /** `shared`: it may reach what this machine can, as a real model provider needs. Default `isolated`. */
  readonly network?: 'isolated' | 'shared'
  /** What else it is started with, once its place is known. */
  readonly extras?: (place: Instance['place']) => ServeExtras
  /** What has to run or be changed inside before it starts. `stateRoot` is where the daemon will see its own. */
  readonly beforeStart?: (
    inside: Inside,
    view: { readonly stateRoot: string; readonly binary: string },
  ) => Promise<void>
}

/** The way to a daemon, through whatever is in between. */
export type Reached = Pick<Instance, 'request' | 'openStream' | 'run'> &
  Partial<Pick<TargetHttp, 'peer'>> & {
    readonly place: { readonly baseUrl: string }
  }

/** A daemon that checks ask. What the operator did not give is absent, and what needs it is not asked. */
export interface Daemon {
  readonly reached: 'isolated' | 'running'
  readonly instance: Reached
  readonly binary?: string
  readonly adminToken?: Secret
  readonly adminTokenFile?: string
  readonly readonlyToken?: Secret
  readonly readonlyTokenFile?: string
  /** Where it keeps its state: inside its barrier, or on this machine. */
  readonly stateRoot?: string
}

/** A daemon of runproof's own, which runs on a view of trees that it never changes. */
export interface Isolated extends Daemon {
  readonly reached: 'isolated'
  readonly recipe: Recipe
  readonly instance: Instance
  readonly readiness: Readiness
  /** A socket that listened before it started, and that it must not reach. */
  readonly lure: Lure
  readonly binary: string
  /** Outside its barrier this place is empty. */
  readonly stateRoot: string
  readonly workspaceRoot: string
  readonly adminToken: Secret
  readonly adminTokenFile: string
  /** Valid until it was replaced, while the daemon ran. */
  readonly replacedToken: Secret
  readonly readonlyToken: Secret
  readonly readonlyTokenFile: string
  readonly wrongTokenFile: string
  /** What stands in front of it, where something does; `instance` is then reached through that. */
  readonly front?: Front
}

/** TLS in front of a daemon, and the daemon behind it. */
export interface Front {
  readonly behind: Instance
  readonly tls: TlsFront
}

export const isolated = capture<Isolated>('daemon', 'the isolated daemon')

/** The same value for whoever asks either kind of daemon. */
export const daemon: Capture<Daemon> = { ...isolated }

/** Set once the daemon was ready: what has nothing to ask of one that never answers waits for it. */
export const answering = capture<true>('answering', 'that the daemon answered')

export const stopped = capture<StopReport>('stopped', 'how the isolated daemon ended')

/** Where key and token files of the isolated daemon lie; removed by the tear-down. */
export const keysDir = capture<string>('keys-dir', 'directory of the isolated daemon’s key and token files')

/** Every file that lay there, before it was removed. */
export const keyFiles = capture<readonly string[]>('key-files', 'key and token files of the isolated daemon')

/** What the last search of a run goes through. */
export interface Searched {
  readonly paths: readonly string[]
  readonly secrets: readonly Secret[]
  /** Two of the searched directories, where counterproofs plant a secret. */
  readonly places: { readonly evidence: string; readonly scratch: string }
}
export const searched = capture<Searched>('searched', 'everything the run wrote')

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { archives } from '../src/adapters/archive/archives.ts'
import { clock } from '../src/adapters/clock.ts'
import { files } from '../src/adapters/files.ts'
import { commands } from '../src/adapters/run-command.ts'
import { freePort } from '../src/adapters/testdata/free-ports.ts'
import type { Facts } from '../src/drill/facts.ts'
import { takeFacts } from '../src/drill/take-facts.ts'
import { writeBackupSet } from '../src/drill/write-backup-set.ts'
import { machineSigner } from '../src/evidence/signing-key.ts'
import type { CheckContext } from '../src/model/check.ts'
import type { StepContext } from '../src/model/runbook.ts'
import standIn from '../src/targets/stand-in.ts'

const BINARY = standIn.bundledBinary!

const ROUTES = `version = 1
default_route = "main"

[routes.main]
driver = "openai"
default_model = "model-x"
auth_ref = "openai.prod"
`

/** A daemon's data on disk as an operator has it: state, workspace, keys, routes, and a backup set made of them. */
export interface DrillSite extends Disposable {
  readonly root: string
  /** Directory that everybody may enter; the others are private. */
  readonly shared: string
  readonly binary: string
  readonly state: string
  readonly workspace: string
  readonly masterKeyFile: string
  readonly routesFile: string
  /** Archives, manifests, facts and digests, as a backup leaves them. */
  readonly set: string
  readonly facts: Facts
  /** An archive of the state as it was one marker earlier. */
  readonly older: string
  /** Parameters of a drill on the archives, with digests. */
  readonly given: Readonly<Record<string, string>>
  /** Copy of the state for a test to damage, and its archive. */
  damaged(damage: (state: string) => void): string
  write(name: string, content: string | Buffer, mode?: number): string
}

/** Seeds a small site, runs the stand-in on it once to take its facts, and backs it up. */
export async function makeDrillSite(): Promise<DrillSite> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'drill-site-')))
  const at = (name: string) => join(root, name)
  for (const name of ['keys', 'state', 'workspace', 'set']) mkdirSync(at(name), { mode: 0o700 })
  // Who is not root has to get through to what he was given.
  chmodSync(root, 0o711)
  mkdirSync(at('shared'), { mode: 0o755 })
  const write = (name: string, content: string | Buffer, mode = 0o600) => {
    writeFileSync(at(name), content, { mode })
    return at(name)
  }
  const masterKeyFile = write('keys/master-key', execFileSync(BINARY, ['secrets', 'generate']))
  const routesFile = write('routes.toml', ROUTES)
  const env = { PATH: process.env.PATH, KHEISH_AUTH_STORE_MASTER_KEY_FILE: masterKeyFile }
  const stateRoot = ['--state-root', at('state')]
  const roots = [...stateRoot, '--workspace-root', at('workspace')]
  const setSlot = (slot: string, provider: string) => {
    const words = ['secrets', 'set', slot, '--offline', ...stateRoot, '--provider', provider, '--stdin']
    execFileSync(BINARY, words, { env, input: `value-${process.hrtime.bigint()}-of-a-slot` })
  }
  setSlot('openai.prod', 'openai')
  setSlot('runproof.marker', 'generic')
  const older = await archives.create({ sourceDir: at('state'), archivePath: at('older-state.tar.zst') })
  setSlot('runproof.marker', 'generic')
  const amounts = ['--sessions', '2', '--runs', '4', '--actions', '4', '--until-ms', String(Date.now())]
  execFileSync(BINARY, ['seed', ...roots, ...amounts], { env })

  const signer = await machineSigner(join(at('home'), '.local/state/runproof'), files)
  const tools = { files, clock, archives, signer, commands } as StepContext['tools']
  const context = {
    tools,
    target: standIn,
    runIn: (runner, command, options) =>
      runner.run(command, { timeoutMs: 20_000, signal: new AbortController().signal, ...options }),
  } as CheckContext as StepContext
  const facts = await factsOf(context, { root, routesFile, roots, env })
  const [state, workspace] = [
    await archives.create({ sourceDir: at('state'), archivePath: at('set/state.tar.zst') }),
    await archives.create({ sourceDir: at('workspace'), archivePath: at('set/workspace.tar.zst') }),
  ]
  await writeBackupSet(context, at('set'), facts, { state, workspace })

  let copies = 0
  return {
    ...{
      root,
      shared: at('shared'),
      binary: BINARY,
      state: at('state'),
      workspace: at('workspace'),
      set: at('set'),
      masterKeyFile,
      routesFile,
      facts,
      write,
    },
    older: older.archivePath,
    given: {
      'state-archive': at('set/state.tar.zst'),
      'workspace-archive': at('set/workspace.tar.zst'),
      'sha256-file': at('set/SHA256SUMS'),
      'master-key-file': masterKeyFile,
      'routes-file': routesFile,
    },
    damaged(damage) {
      const name = `damaged-${++copies}`
      cpSync(at('state'), at(name), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
      damage(at(name))
      execFileSync('tar', ['--create', '--format=posix', '--file', at(`${name}.tar`), '--directory', at(name), '.'])
      return at(`${name}.tar`)
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

async function factsOf(
  context: CheckContext,
  site: { root: string; routesFile: string; roots: readonly string[]; env: NodeJS.ProcessEnv },
): Promise<Facts> {
  const tokenFile = join(site.root, 'keys', 'source-token')
  writeFileSync(tokenFile, `token-${process.hrtime.bigint()}-of-the-source`, { mode: 0o600 })
  const port = await freePort()
  const words = ['serve', '--bind', `127.0.0.1:${port}`, ...site.roots, '--routes-file', site.routesFile]
  const daemon = spawn(BINARY, [...words, '--http-auth-mode', 'bearer', '--http-admin-token-file', tokenFile], {
    env: { ...site.env, HOME: join(site.root, 'keys') },
    stdio: 'ignore',
  })
  const ended = once(daemon, 'exit')
  try {
    const baseUrl = `http://127.0.0.1:${port}`
    const deadline = Date.now() + 20_000
    while (!(await fetch(`${baseUrl}/readyz`).catch(() => undefined))?.ok) {
      if (Date.now() > deadline || daemon.exitCode !== null) throw new Error('the source daemon is not ready')
      await sleep(20)
    }
    return await takeFacts(context, {
      stateRoot: join(site.root, 'state'),
      workspaceRoot: join(site.root, 'workspace'),
      sentinel: 'sentinel.txt',
      artefacts: [],
      online: { runner: context.tools.commands, binary: BINARY, baseUrl, tokenFile },
    })
  } finally {
    daemon.kill('SIGTERM')
    await ended
  }
}

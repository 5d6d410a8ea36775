import { join } from 'node:path'
import { deployment, live } from '../../drill/backup-subjects.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { parseJson } from '../../model/json-answer.ts'
import { keyBytes } from '../restore/key-private.ts'

interface Observed {
  readonly routes: {
    readonly ok: boolean
    readonly count: number
    readonly authChecked: boolean
    readonly errors: readonly string[]
  }
  readonly key: { readonly path: string; readonly mode: string | null; readonly bytes: number }
  /** Token files that were named and hold no token. */
  readonly withoutToken: readonly string[]
  /** Programs of the stop and start commands that can't be run. */
  readonly noProgram: readonly string[]
}

/**
 * A daemon that could not start again must not be stopped: it would refuse to start without its key, with a routes file it
 * can't read, or with a route whose credential is not stored.
 */
export const restartPossible = defineCheck<Observed>({
  id: 'restart-possible',
  title: 'The source could start again: routes, their stored credentials, key, tokens and commands are in order',

  async probe(context) {
    const { values, tools } = context
    const { masterKeyFile, adminTokenFile, readonlyTokenFile } = values.get(deployment)
    const { stopCommand, startCommand } = values.get(live)
    const tokens = [adminTokenFile, readonlyTokenFile].filter(path => path !== undefined)
    const empty = await Promise.all(tokens.map(async path => ((await holdsToken(context, path)) ? undefined : path)))
    const programs = [...new Set([stopCommand[0], startCommand[0]])]
    const runnable = await Promise.all(programs.map(program => canRun(context, program)))
    const facts = await tools.files.facts(await realOrSame(context, masterKeyFile!))
    return {
      routes: await diagnose(context),
      key: {
        path: masterKeyFile!,
        mode: facts?.type === 'file' ? facts.mode.toString(8).padStart(4, '0') : null,
        bytes:
          facts === undefined ? 0 : keyBytes((await tools.files.readSecret(masterKeyFile!, 'master-key')).reveal()),
      },
      withoutToken: empty.filter(path => path !== undefined),
      noProgram: programs.filter((_, index) => !runnable[index]),
    }
  },

  judge({ routes, key, withoutToken, noProgram }) {
    const reasons = [
      routes.ok ? '' : `the routes file has errors: ${routes.errors.slice(0, 2).join('; ')}`,
      routes.count > 0 ? '' : 'the routes file has no route',
      routes.authChecked ? '' : 'whether credentials of routes are stored was not checked',
      key.mode === null ? `the master key ${key.path} is no file` : '',
      key.mode !== null && (Number.parseInt(key.mode, 8) & 0o077) !== 0
        ? `the master key ${key.path} can be read by others: mode ${key.mode}`
        : '',
      key.mode !== null && key.bytes !== 32 ? `the master key ${key.path} holds ${key.bytes} bytes` : '',
      withoutToken.length > 0 ? `no token in ${withoutToken.join(', ')}` : '',
      noProgram.length > 0 ? `not a program that can be run: ${noProgram.join(', ')}` : '',
    ].filter(reason => reason !== '')
    return reasons.length === 0
      ? passed({ actual: { routes: routes.count, keyMode: key.mode } })
      : failed(`${reasons.join('; ')}; the source was not stopped`)
  },

  counterproofs: [
    {
      id: 'no-key',
      breaks: 'the key file is gone',
      because: /is no file/,
      observation: observed => ({ ...observed, key: { ...observed.key, mode: null } }),
    },
    {
      id: 'short-key',
      breaks: 'the key has 31 bytes',
      because: /31 bytes/,
      observation: observed => ({ ...observed, key: { ...observed.key, bytes: 31 } }),
    },
    {
      id: 'open-key',
      breaks: 'the key can be read by everyone',
      because: /read by others/,
      observation: observed => ({ ...observed, key: { ...observed.key, mode: '0644' } }),
    },
    {
      id: 'no-route',
      breaks: 'the routes file has no route',
      because: /no route/,
      observation: observed => ({ ...observed, routes: { ...observed.routes, count: 0 } }),
    },
    {
      id: 'empty-token-file',
      breaks: 'another token file is empty',
      because: /no token in/,
      subject: async (context, scope) => {
        const readonlyTokenFile = await scratchFile(context, scope, 'empty-token', '')
        return withDeployment(context, { readonlyTokenFile })
      },
    },
    {
      id: 'routes-broken',
      breaks: 'a copy of the routes file ends in the middle of a table',
      because: /routes file has errors/,
      subject: async (context, scope) => {
        const text = await context.tools.files.readText(context.values.get(deployment).routesFile!)
        return withDeployment(context, {
          routesFile: await scratchFile(context, scope, 'routes.toml', `${text}\n[routes.`),
        })
      },
    },
    {
      id: 'credential-not-stored',
      breaks: 'a copy of the routes file names a credential that is not stored',
      because: /routes file has errors/,
      subject: async (context, scope) => {
        const text = await context.tools.files.readText(context.values.get(deployment).routesFile!)
        const route =
          '\n[routes.added-by-runproof]\ndriver = "openai"\ndefault_model = "none"\nauth_ref = "runproof.not-stored"\n'
        return withDeployment(context, {
          routesFile: await scratchFile(context, scope, 'more-routes.toml', text + route),
        })
      },
    },
    {
      id: 'no-start-program',
      breaks: 'the start command names a program that does not exist',
      because: /not a program/,
      subject: async context => {
        const startCommand = [join(context.values.get(deployment).scratchDir, 'no-such-program')] as const
        return changed(context, { values: context.values.with(live, { ...context.values.get(live), startCommand }) })
      },
    },
  ],
})

/** What the daemon's own client says of the routes file it would be started with. It only reads. */
async function diagnose(context: CheckContext): Promise<Observed['routes']> {
  const { binary, baseUrl, adminTokenFile } = context.values.get(live)
  const { routesFile } = context.values.get(deployment)
  const words = ['doctor', 'routes', '--routes-file', routesFile!, '--check-auth']
  const command = context.target.client({ binary, baseUrl, tokenFile: adminTokenFile }, words)
  const ran = await context.runIn(context.tools.commands, command, { timeoutMs: 60_000 })
  // It prints its document also when it found errors, and nothing when the file can't be read at all.
  if (ran.stdout.trim() === '') {
    if (ran.exitCode === 0) throw new RunproofError('ANSWER_MALFORMED', 'doctor routes printed nothing')
    return {
      ok: false,
      count: 0,
      authChecked: false,
      errors: [`doctor routes ended with exit ${ran.exitCode ?? ran.signal}`],
    }
  }
  const view = context.target.read.routes(parseJson(ran.stdout, 'doctor routes printed'))
  return {
    ok: view.ok && ran.exitCode === 0,
    count: view.routeCount,
    authChecked: view.authChecked,
    errors: view.errors,
  }
}

async function holdsToken({ tools }: CheckContext, path: string): Promise<boolean> {
  return (await tools.files.facts(path)) !== undefined && (await tools.files.readText(path, 1 << 20)).trim() !== ''
}

async function canRun(context: CheckContext, program: string): Promise<boolean> {
  const found = await context.runIn(context.tools.commands, {
    argv: ['sh', '-c', 'command -v -- "$1" >/dev/null', 'sh', program],
  })
  return found.exitCode === 0
}

function realOrSame({ tools }: CheckContext, path: string): Promise<string> {
  return tools.files.realPath(path).catch(() => path)
}

async function scratchFile(
  context: CheckContext,
  scope: AsyncDisposableStack,
  name: string,
  text: string,
): Promise<string> {
  const path = join(context.values.get(deployment).scratchDir, name)
  scope.defer(() => context.tools.files.remove(path))
  await context.tools.files.write(path, text)
  return path
}

function withDeployment(
  context: CheckContext,
  change: { readonly routesFile?: string; readonly readonlyTokenFile?: string },
) {
  const broken = { ...context.values.get(deployment), ...change }
  return changed(context, { values: context.values.with(deployment, broken) })
}

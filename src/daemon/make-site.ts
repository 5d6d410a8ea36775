import { dirname, join } from 'node:path'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'
import { offline } from './offline.ts'
import { randomSecret } from './random-secret.ts'
import type { Site } from './subjects.ts'

/** The slot that the route's credential is kept in. */
export const ROUTE_SLOT = 'openai.prod'
/** The one route there is, and its model. */
const ROUTE = 'main'
const MODEL = 'model-x'

/** Command lines after the program that {@link makeSite} runs. */
export const SITE_COMMANDS: readonly string[] = [
  'secrets generate',
  `secrets set ${ROUTE_SLOT} --offline --state-root <state-root> --provider openai --stdin`,
]

const routesWith = (model: string) => `version = 1
default_route = "${ROUTE}"

[routes.${ROUTE}]
driver = "openai"
default_model = ${JSON.stringify(model)}
auth_ref = "${ROUTE_SLOT}"
`

/**
 * Makes what a daemon is started with, in the run's scratch directory: empty roots, a master key in a directory apart, a
 * routes file, and the credential of its route in the encrypted store.
 *
 * @param credential - default: a random one, which no real provider takes
 * @param model - that the route asks for
 */
export async function makeSite(
  context: StepContext,
  home: string,
  keys: string,
  credential?: Secret,
  model = MODEL,
): Promise<Site & { readonly credential: Secret }> {
  const { run, tools, target, params } = context
  const site: Site = {
    binary: params.binary ?? target.bundledBinary!,
    stateRoot: join(home, 'state'),
    workspaceRoot: join(home, 'workspace'),
    routesFile: join(home, 'routes.toml'),
    masterKeyFile: join(keys, 'master-key'),
  }
  for (const directory of [home, keys, site.stateRoot, site.workspaceRoot]) await tools.files.makeDirectory(directory)

  const key = await offline(context, { ...site, masterKeyFile: undefined }, ['secrets', 'generate'])
  if (key.trim().length < 32)
    throw new RunproofError('ANSWER_MALFORMED', `${site.binary} secrets generate printed no key`, {
      hint: 'is this a binary that behaves as the contract says?',
    })
  await writeSecret(context, site.masterKeyFile, new Secret('master-key', key.trim()))
  await tools.files.write(site.routesFile, routesWith(model), 0o644)
  const value = credential ?? randomSecret('route-credential')
  await setOffline(context, site, ROUTE_SLOT, 'openai', value)
  if (site.binary === target.bundledBinary) {
    // The executable itself only hands over to the program that lies beside it.
    run.fact('stand-in.sha256', await tools.files.treeSha256(dirname(await tools.files.realPath(site.binary))))
  }
  return { ...site, credential: value }
}

/** Stores a secret before the daemon runs. */
export async function setOffline(
  context: StepContext,
  site: Site,
  slot: string,
  provider: string,
  value: Secret,
): Promise<void> {
  context.protect(value)
  const words = ['secrets', 'set', slot, '--offline', '--state-root', site.stateRoot, '--provider', provider, '--stdin']
  await offline(context, site, words, value)
}

export async function writeSecret(context: StepContext, path: string, secret: Secret): Promise<void> {
  context.protect(secret)
  await context.tools.files.write(path, secret)
}

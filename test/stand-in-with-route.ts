import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Site } from '../fixtures/kheish-daemon/server/testing/daemon-process.ts'
import { RunningStandIn } from './run-suite.ts'

const ROUTES = `version = 1
default_route = "main"

[routes.main]
driver = "openai"
default_model = "model-x"
auth_ref = "openai.prod"
`

/** A stand-in that somebody runs, with one route and the credential it refers to. */
export function startWithRoute(faults: readonly string[] = []): Promise<RunningStandIn> {
  return RunningStandIn.start(faults, [], makeRoute)
}

async function makeRoute(site: Site): Promise<readonly string[]> {
  const routesFile = join(site.folder, 'routes.toml')
  const valueFile = join(site.folder, 'value')
  writeFileSync(routesFile, ROUTES)
  writeFileSync(valueFile, randomBytes(24).toString('hex'))
  const words = ['openai.prod', '--offline', '--state-root', site.stateRoot, '--provider', 'openai']
  const { code, stderr } = await site.run(['secrets', 'set', ...words, '--from-file', valueFile])
  assert.equal(code, 0, stderr)
  return ['--routes-file', routesFile]
}

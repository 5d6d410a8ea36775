import assert from 'node:assert/strict'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { clock } from '../src/adapters/clock.ts'
import { files } from '../src/adapters/files.ts'
import { createInstancePort } from '../src/adapters/isolation/instances.ts'
import { createNginxPort } from '../src/adapters/nginx/port.ts'
import { findNginx } from '../src/adapters/nginx/program.ts'
import { configFiles } from '../src/adapters/nginx/read-config.ts'
import { CapturedValues } from '../src/model/capture.ts'
import type { CheckContext } from '../src/model/check.ts'
import { disagreements, sayDisagreement } from '../src/nginx/agreement.ts'
import { edgeConfiguration, readEdgeConfiguration } from '../src/suite/edge-configuration.ts'
import { startEdgeLab } from '../src/suite/edge-lab.ts'
import { askEdge } from '../src/suite/edge-requests.ts'
import target from '../src/targets/stand-in.ts'
import { memoryTools } from '../src/testing/memory-tools.ts'

const CASES = resolve(import.meta.dirname, '..', 'nginx')
const found = await findNginx()
const skip = 'missing' in found ? `this machine has no nginx: ${found.missing}` : false

describe('what is read of a configuration', { timeout: 120_000, concurrency: 2, skip }, () => {
  const root = mkdtempSync(join(tmpdir(), 'nginx-agreement-'))
  after(() => rmSync(root, { recursive: true, force: true }))
  const instances = createInstancePort()
  const tools = memoryTools({
    clock,
    files,
    instances,
    nginx: createNginxPort({ instances }),
    configFiles: configFiles(),
  })

  const contextFor = (config: string) => {
    const context: Pick<CheckContext, 'params' | 'target' | 'tools' | 'signal' | 'deadlineMs'> = {
      params: { config },
      target,
      tools,
      signal: new AbortController().signal,
      deadlineMs: 10_000,
    }
    return { ...context, values: new CapturedValues() } as unknown as CheckContext
  }

  for (const config of globSync('{runproof.conf,good/*.conf}', { cwd: CASES }).sort()) {
    test(`is what a real nginx does with ${config}`, async () => {
      const reading = contextFor(join(CASES, config))
      const described = await readEdgeConfiguration(reading)
      const context = { ...reading, values: reading.values.with(edgeConfiguration, described) }
      await using scope = new AsyncDisposableStack()
      const scratch = mkdtempSync(join(root, basename(config)))
      const lab = await startEdgeLab(context, scope, scratch, described.source)
      const { told, uncertain } = await askEdge(context, described, lab)
      assert.deepEqual(disagreements(told).map(sayDisagreement), [])
      assert.ok(told.length > 30, `${told.length} requests were asked; not known: ${uncertain.join('; ')}`)
    })
  }
})

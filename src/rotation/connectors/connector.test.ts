import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { daemon } from '../../daemon/subjects.ts'
import { CapturedValues } from '../../model/capture.ts'
import type { StepContext } from '../../model/runbook.ts'
import { connectorBefore, openDoor } from './connector.ts'

/** A run in which nothing is reached; what it says of its limits. */
function site(ownProcess: boolean, baseUrl: string, begun = false) {
  const untold: string[] = []
  const view = { ownProcess, baseUrl: 'http://127.0.0.1:9' }
  const context = {
    values: new CapturedValues()
      .with(daemon, { instance: { place: { baseUrl } } } as never)
      .with(connectorBefore, { view } as never),
    tools: { http: { connect: async () => ({ close: async () => {} }) } },
    run: {
      known: () => (begun ? 'then' : undefined),
      notTested: (text: string) => untold.push(text),
      defer: () => {},
    },
  } as unknown as StepContext
  return { context, untold }
}

describe('the process of a connector', () => {
  for (const [where, ownProcess, baseUrl] of [
    ['is somebody else’s', false, 'http://127.0.0.1:4000'],
    ['runs beside a daemon elsewhere', true, 'https://daemon.example.com'],
  ] as const)
    test(`is not asked where it ${where}, and that is said`, async () => {
      const { context, untold } = site(ownProcess, baseUrl)
      assert.equal((await openDoor(context, undefined)).door, undefined)
      assert.match(untold.join(), /out of reach, and was not asked/)
    })

  test('is asked where it runs here, and may hold another token already after a break', async () => {
    const { context, untold } = site(true, 'http://127.0.0.1:4000', true)
    const { door, mayBeSet } = await openDoor(context, undefined)
    assert.deepEqual([door !== undefined, mayBeSet, untold], [true, true, []])
  })
})

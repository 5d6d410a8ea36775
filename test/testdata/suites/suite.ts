import { defineCheck, failed, passed } from '../../../src/model/check.ts'
import { type Action, defineRunbook, type Runbook } from '../../../src/model/runbook.ts'

/** A smoke suite whose one check says what the suite is made for. */
export function suite(
  id: string,
  green: boolean,
  more: Partial<Runbook> = {},
  act: Action['execute'] = async () => {},
): Runbook {
  return defineRunbook({
    id,
    title: `Suite ${id}`,
    purpose: 'smoke',
    params: { speed: { describe: 'how fast' } },
    steps: () => [
      {
        id: 'ask',
        title: 'Ask',
        effect: 'read',
        timeoutMs: 5_000,
        run: { describe: 'what it is made to do', execute: act },
        verify: [
          defineCheck<{ readonly green: boolean }>({
            id: `${id}-check`,
            title: `Check of ${id}`,
            probe: async () => ({ green }),
            judge: observed => (observed.green ? passed() : failed('a | reason % with\nsecret detail')),
            counterproofs: [
              { id: 'broken', breaks: 'it is broken', because: /reason/, observation: () => ({ green: false }) },
            ],
          }),
        ],
      },
    ],
    ...more,
  })
}

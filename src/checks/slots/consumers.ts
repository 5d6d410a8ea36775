import { defineCheck, failed, type Json, passed } from '../../model/check.ts'
import { type ConsumerAnswer, consumersAfter, consumersBefore } from '../../rotation/consumers.ts'

/** Every probe ended by itself, whatever it said: one that hangs is found as early as can be. */
export const consumersAsked = defineCheck<readonly ConsumerAnswer[]>({
  id: 'consumers-asked',
  title: 'Every consumer’s probe can be run and ends by itself',

  probe: async ({ values }) => values.get(consumersBefore),

  judge(answers) {
    if (answers.length === 0) return failed('no consumer was asked')
    const hung = answers.find(({ exitCode }) => exitCode === null)
    if (hung !== undefined)
      return failed(`${hung.probe} did not end by itself within ${hung.waitedMs} ms: run it by hand, or leave it out`)
    return passed({ actual: shown(answers) })
  },

  counterproofs: [
    {
      id: 'hangs',
      breaks: 'one probe does not end',
      because: /did not end by itself/,
      observation: answers => answers.map(one => ({ ...one, exitCode: null })),
    },
    { id: 'nobody', breaks: 'no consumer is asked', because: /no consumer was asked/, observation: () => [] },
  ],
})

/** Every consumer works after the replacement, in the time that was given. */
export const consumersWork = defineCheck<readonly ConsumerAnswer[]>({
  id: 'consumers-work',
  title: 'Every consumer’s probe says that it works with the new value',

  probe: async ({ values }) => values.get(consumersAfter),

  judge(answers) {
    if (answers.length === 0) return failed('no consumer was asked')
    const down = answers.filter(({ exitCode }) => exitCode !== 0)
    if (down.length > 0)
      return failed(
        down
          .map(({ probe, exitCode, waitedMs }) =>
            exitCode === null
              ? `${probe} did not end by itself`
              : `${probe} exited ${exitCode}, after ${waitedMs} ms still`,
          )
          .join('; ')
          .concat('; the new value is in use: see to them, or rotate again'),
        { actual: shown(answers) },
      )
    return passed({ actual: shown(answers) })
  },

  counterproofs: [
    {
      id: 'one-down',
      breaks: 'one consumer does not work',
      because: /exited 1/,
      observation: answers => answers.map((one, index) => (index === 0 ? { ...one, exitCode: 1 } : one)),
    },
    {
      id: 'hangs',
      breaks: 'the last probe does not end',
      because: /did not end by itself/,
      observation: answers => answers.map((one, at) => (at === answers.length - 1 ? { ...one, exitCode: null } : one)),
    },
    { id: 'nobody', breaks: 'no consumer is asked', because: /no consumer was asked/, observation: () => [] },
  ],
})

const shown = (answers: readonly ConsumerAnswer[]): Json => answers.map(one => ({ ...one }))

import { defineCheck, failed, passed } from '../../model/check.ts'
import { askHeld } from '../../rotation/deliver.ts'
import { delivery, type Held } from '../../rotation/delivery.ts'

interface HandedOver {
  readonly at: string
  /** Undefined where nothing was asked. */
  readonly before: Held | undefined
  readonly after: Held | undefined
}

/** The new value lies where its consumers read it. A command that shows it before it was handed over shows something else. */
export const handedOver = defineCheck<HandedOver>({
  id: 'handed-over',
  title: 'The new value was handed over, and where somebody can tell, it is held there now and was not before',

  async probe(context) {
    const { at, heldBefore } = context.values.get(delivery)
    return { at, before: heldBefore, after: await askHeld(context) }
  },

  judge({ at, before, after }) {
    const actual = { at, before: before ?? 'not asked', after: after ?? 'not asked' }
    if (Number.isNaN(Date.parse(at))) return failed('nothing says when it was handed over', { actual })
    if (before === 'new')
      return failed('deliver-check= printed the new value before it was handed over, so it shows nothing', { actual })
    if (after !== undefined && after !== 'new')
      return failed(
        after === 'nothing'
          ? 'deliver-check= could not be read after the value was handed over; nothing was replaced'
          : 'another value is held there than the one that was handed over; nothing was replaced',
        { expected: { after: 'new' }, actual },
      )
    return passed({ actual })
  },

  counterproofs: [
    {
      id: 'not-handed-over',
      breaks: 'the command was never run',
      because: /nothing says when/,
      observation: seen => ({ ...seen, at: '' }),
    },
    {
      id: 'another-held',
      breaks: 'another value is held there',
      because: /another value is held/,
      observation: seen => ({ ...seen, after: 'another' }),
    },
    {
      id: 'not-readable',
      breaks: 'what is held there cannot be read',
      because: /could not be read/,
      observation: seen => ({ ...seen, after: 'nothing' }),
    },
    {
      id: 'held-before',
      breaks: 'what shows the new value had it before, from elsewhere',
      because: /so it shows nothing/,
      observation: seen => ({ ...seen, before: 'new' }),
    },
  ],
})

import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import { changeConfiguration, withInside, written } from '../../nginx/change.ts'
import { sayMessage } from '../../nginx/messages.ts'
import { relocate } from '../../nginx/relocate.ts'
import { edgeConfiguration } from '../../suite/edge-configuration.ts'

interface Observed {
  readonly outcome: 'accepted' | 'refused' | 'missing'
  /** Of level warn and above, in order. */
  readonly said: readonly string[]
  readonly version?: string
  readonly from?: string
  /** How many directives of the copy are others. */
  readonly rewritten?: number
}

/** nginx itself reads the configuration, in a private copy with certificates that were made for it. */
export const nginxAccepts = defineCheck<Observed>({
  id: 'nginx-accepts',
  needs: ['nginx'],
  title: 'nginx accepts the configuration, in a copy with ports, certificates and upstreams of its own',
  covers: ['7.5/6'],

  async probe({ tools, values, signal }) {
    const verdict = await tools.nginx.test(relocate(values.get(edgeConfiguration).configuration), { signal })
    if (verdict.outcome === 'missing') return { outcome: 'missing', said: [verdict.reason] }
    const { outcome, messages, program, rewrites } = verdict
    const { version, from } = program
    return { outcome, said: messages.map(sayMessage), version, from, rewritten: rewrites.length }
  },

  judge({ outcome, said, ...nginx }) {
    const actual = { ...nginx, said: [...said] }
    if (outcome === 'accepted') return passed({ actual })
    const why = said.at(-1) ?? 'it does not say why'
    return failed(outcome === 'missing' ? `nginx was not asked: ${why}` : `nginx refuses it: ${why}`, { actual })
  },

  counterproofs: [
    {
      id: 'accepts-missing',
      breaks: 'no nginx was asked',
      because: /was not asked/,
      observation: () => ({ outcome: 'missing', said: ['this machine has none'] }),
    },
    {
      id: 'accepts-unknown',
      breaks: 'a directive is in it that there is none of',
      because: /unknown directive "runproof_no_such_directive"/,
      async subject(context) {
        const described = context.values.get(edgeConfiguration)
        const configuration = changeConfiguration(described.configuration, directive =>
          directive.name.text === 'http'
            ? [withInside(directive, written('runproof_no_such_directive on;', directive))]
            : undefined,
        )
        const other = { ...described, configuration }
        return changed(context, { values: context.values.with(edgeConfiguration, other) })
      },
    },
  ],
})

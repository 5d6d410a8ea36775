import { type CheckContext, changed, defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'
import {
  authorizationCleared,
  bufferingOn,
  type ConfigBreak,
  noBodyLimit,
  originHidden,
  readableByAll,
} from '../../nginx/breaks.ts'
import { type Finding, judge } from '../../nginx/judge.ts'
import { RULES } from '../../nginx/rules/all.ts'
import { describeEdge, edgeConfiguration } from '../../suite/edge-configuration.ts'

const MOST_TOLD = 20

interface Said {
  readonly rule: string
  /** As `FILE:LINE`. */
  readonly at: string
  readonly actual: string
}

interface Observed {
  readonly rules: number
  readonly requests: number
  readonly errors: readonly Said[]
  readonly warnings: readonly Said[]
  readonly waived: readonly Said[]
  readonly failOn: 'warn' | 'page'
}

/** What requests get of the proxy, judged before any is sent. */
export const rulesKept = defineCheck<Observed>({
  id: 'nginx-rules',
  title: 'The configuration of the proxy gives each request what the daemon needs, by every rule there is',
  covers: ['7.5/1', '7.5/2', '7.5/3', '7.5/4', '7.5/5'],

  async probe({ values, target, params }) {
    const { configuration, effective, survey, waivers } = values.get(edgeConfiguration)
    const { requests } = survey
    const findings = judge({ configuration, effective, edge: target.edge, requests }, waivers)
    const of = (severity: string) =>
      findings.filter(({ rule, waived }) => rule.severity === severity && waived === undefined).map(toSaid)
    return {
      rules: RULES.length,
      requests: requests.length,
      errors: of('error'),
      warnings: of('warning'),
      waived: findings.filter(({ waived }) => waived !== undefined).map(toSaid),
      failOn: params['fail-on'] === 'warn' ? 'warn' : 'page',
    }
  },

  judge({ rules, requests, errors, warnings, waived, failOn }) {
    const told = (findings: readonly Said[]) => findings.slice(0, MOST_TOLD).map(sayIt)
    const details = {
      expected: { errors: 0 },
      actual: { rules, requests, errors: told(errors), warnings: told(warnings), waived: told(waived) },
    }
    if (rules === 0 || requests === 0) return failed('not one rule was asked of one request', details)
    const failing = failOn === 'warn' ? [...errors, ...warnings] : errors
    if (failing[0] === undefined) return passed(details)
    const broken = [...new Set(failing.map(({ rule }) => rule))]
    return failed(`not kept: ${broken.join(', ')}; first ${sayIt(failing[0])}`, details)
  },

  counterproofs: [
    {
      id: 'rules-none',
      breaks: 'no rule was asked',
      because: /not one rule/,
      observation: observed => ({ ...observed, rules: 0 }),
    },
    {
      id: 'rules-finding',
      breaks: 'one rule has a finding',
      because: /stream-buffering/,
      observation: observed => ({
        ...observed,
        errors: [{ rule: 'stream-buffering', at: 'edge.conf:7', actual: 'proxy_buffering on' }],
      }),
    },
    judged('rules-buffering', bufferingOn, /stream-buffering/),
    judged('rules-authorization', authorizationCleared, /authorization-forwarded/),
    judged('rules-readable', readableByAll, /cors-any-origin/),
    judged('rules-origin', originHidden, /foreign-origin-hidden/),
    judged('rules-bodies', noBodyLimit, /body-limit/),
  ],
})

function toSaid({ rule, at, actual }: Finding): Said {
  return { rule: rule.id, at: `${at.file}:${at.line}`, actual }
}

function sayIt({ rule, at, actual }: Said): string {
  return `${at} ${rule}: ${actual}`
}

/** Another configuration is judged. */
function judged(id: string, how: ConfigBreak, because: RegExp): SubjectCounterproof {
  return {
    id,
    breaks: `in a copy of the configuration ${how.breaks}`,
    because,
    unavailable: context =>
      breaks(context, how) ? undefined : 'the configuration says nothing of the kind that could be changed',
    async subject(context) {
      // Nothing excuses what is broken on purpose.
      const other = describeEdge(context, how.apply(context.values.get(edgeConfiguration).configuration))
      return changed(context, { values: context.values.with(edgeConfiguration, other) })
    },
  }
}

export function breaks({ values }: CheckContext, how: ConfigBreak): boolean {
  const { files } = values.get(edgeConfiguration).configuration
  const { configuration } = values.get(edgeConfiguration)
  return how.apply(configuration).files.some((file, index) => file !== files[index])
}

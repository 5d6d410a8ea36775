import type { ParamSpec, Params } from '../model/runbook.ts'
import type { Settings } from './signal.ts'

/** What the judgement of signals depends on besides samples. */
export const signalParams: Readonly<Record<string, ParamSpec>> = {
  'fail-on': oneOf('the level of a signal that fails', 'page', ['warn', 'page']),
  environment: oneOf('production, where one dead letter pages, or staging', 'production', ['production', 'staging']),
  'debug-ticket': { describe: 'under which full debug capture is on for a while', example: 'OPS-1234' },
}

function oneOf(describe: string, initial: string, words: readonly string[]): ParamSpec {
  return {
    describe,
    example: words[0]!,
    default: initial,
    refuse: value => (words.includes(value) ? undefined : `expected ${words.join(' or ')}`),
  }
}

export function settingsOf(params: Params): Settings {
  return {
    environment: params['environment'] === 'staging' ? 'staging' : 'production',
    ...(params['debug-ticket'] === undefined ? {} : { debugTicket: params['debug-ticket'] }),
  }
}

/** The lowest level that fails. */
export function failOnOf(params: Params): 'warn' | 'page' {
  return params['fail-on'] === 'warn' ? 'warn' : 'page'
}

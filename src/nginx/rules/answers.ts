import { hasToBe, passedOn, wrongSettings } from './passed-on.ts'
import type { Rule } from './rule.ts'

const cached: Rule = {
  id: 'answer-cached',
  title: 'No answer of the daemon is cached',
  why: 'The cache does not know the bearer token: what one token may read is served to whoever asks next, and readiness is told from memory.',
  severity: 'error',
  judge: subject => hasToBe('proxy_cache', 'off')(passedOn(subject)),
}

const stored: Rule = {
  id: 'answer-stored',
  title: 'No answer of the daemon is kept as a file',
  why: 'Answers stay on the disk of the proxy for whoever can read it, and a stream fills it.',
  severity: 'error',
  judge: subject => hasToBe('proxy_store', 'off')(passedOn(subject)),
}

const intercepted: Rule = {
  id: 'refusal-replaced',
  title: 'Refusals keep the status and the body the daemon gave them',
  why: 'Clients and probes decide by the status and the code in the body; a page in their place hides a 401 or a 429.',
  severity: 'error',
  *judge(subject) {
    const refusing = passedOn(subject).filter(({ view }) =>
      view.listed('error_page').some(({ args }) => args.some(arg => /^[45]\d\d$/.test(arg))),
    )
    yield* hasToBe('proxy_intercept_errors', 'off')(refusing)
  },
}

const bufferingOff: Rule = {
  id: 'buffering-off-elsewhere',
  title: 'Answers that are no streams are buffered',
  why: 'Unbuffered, a slow client holds a connection of the daemon for as long as it likes.',
  severity: 'warning',
  judge: subject =>
    wrongSettings(
      passedOn(subject, 'ordinary', 'connector'),
      'proxy_buffering',
      'proxy_buffering on',
      ([first]) => first === 'on',
    ),
}

export const answerRules: readonly Rule[] = [cached, stored, intercepted, bufferingOff]

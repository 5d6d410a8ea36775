import { madeOf } from './made-of.ts'
import {
  changedHeaders,
  hasToBe,
  headerText,
  type PassedOn,
  passedOn,
  placeOf,
  sentHeaders,
  wrongSettings,
} from './passed-on.ts'
import type { Found, Rule, Subject } from './rule.ts'

/** Health is asked without a token. */
const WITH_TOKEN = ['stream', 'connector', 'ordinary'] as const

const authorization: Rule = {
  id: 'authorization-forwarded',
  title: 'Authorization reaches the daemon as the client sent it',
  why: 'The daemon decides about tokens. Without the header every request is refused; with one of the proxy every client is let in.',
  severity: 'error',
  *judge(subject) {
    for (const request of passedOn(subject, ...WITH_TOKEN)) {
      const changed = [...changedHeaders([request], ['Authorization'])]
      yield* changed.length > 0 ? changed : fromElsewhere(subject, request)
    }
  },
}

/** A token in an address is in logs and histories; one in a cookie comes along with whatever another page makes a browser ask. */
const ELSEWHERE = /^(?:arg_|cookie_|http_(?!authorization$))/

function* fromElsewhere({ configuration }: Subject, { path, view }: PassedOn): Generator<Found> {
  for (const sent of sentHeaders(view, 'Authorization')) {
    const source = madeOf(configuration, sent.value, ELSEWHERE)
    if (source === undefined) continue
    const expected = headerText('Authorization', undefined)
    yield {
      at: sent.at,
      path: path.id,
      expected,
      actual: `${headerText('Authorization', sent)}, which may be $${source}`,
    }
  }
}

const headersPassed: Rule = {
  id: 'request-headers-dropped',
  title: 'The headers of a request reach the daemon',
  why: 'Webhooks are authenticated by headers of their own, streams are resumed by one, and runs are kept from doubling by one.',
  severity: 'error',
  judge: subject => hasToBe('proxy_pass_request_headers', 'on')(passedOn(subject)),
}

const bodyPassed: Rule = {
  id: 'request-body-altered',
  title: 'The body of a request reaches the daemon as it was sent',
  why: 'A signature is over the bytes of the body; without them nothing verifies, and a mutation without its body is another one.',
  severity: 'error',
  *judge(subject) {
    const withBody = passedOn(subject).filter(({ path }) => path.method !== 'GET')
    for (const request of withBody) {
      yield* hasToBe('proxy_pass_request_body', 'on')([request])
      yield* wrongSettings(
        [request],
        'proxy_set_body',
        'no proxy_set_body',
        ([body = '$request_body']) => body === '$request_body',
      )
    }
  },
}

const methodKept: Rule = {
  id: 'method-replaced',
  title: 'The method of a request reaches the daemon as it was sent',
  why: 'A read that arrives as a mutation acts; a mutation that arrives as a read is lost and answered 200.',
  severity: 'error',
  judge: subject =>
    wrongSettings(passedOn(subject), 'proxy_method', 'no proxy_method', ([method]) => {
      return method === undefined || method === '$request_method'
    }),
}

/** Names by which webhook senders carry what a receiver verifies. */
const SIGNING = /signature|token|secret|hmac|digest|timestamp|^idempotency-key$/i

const connectorHeaders: Rule = {
  id: 'connector-header-replaced',
  title: 'Headers that sign a webhook reach the daemon',
  why: 'A connector refuses what it cannot verify, so every message of the platform is lost.',
  severity: 'error',
  *judge(subject) {
    for (const request of passedOn(subject, 'connector')) {
      const set = request.view.listed('proxy_set_header').map(({ args }) => args[0] ?? '')
      const signing = set.filter(
        name => SIGNING.test(name) || subject.edge.connectorHeaders.includes(name.toLowerCase()),
      )
      yield* changedHeaders([request], signing)
    }
  },
}

const basicAuth: Rule = {
  id: 'basic-auth',
  title: 'The proxy asks for no password of its own',
  why: 'Both are sent in Authorization, so no client can send a password to the proxy and a token to the daemon.',
  severity: 'error',
  judge: subject => hasToBe('auth_basic', 'off')(passedOn(subject)),
}

const bodyLimit: Rule = {
  id: 'body-limit',
  title: 'The size of a request body has a limit that somebody chose',
  why: 'By default nginx refuses attachments over 1m with an answer that is not the daemon’s; without any limit one client fills a disk.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view } of passedOn(subject)) {
      const setting = view.setting('client_max_body_size')
      const expected = 'client_max_body_size with a size of your choice'
      // What nginx refuses by default is no body that the daemon would have taken.
      if (setting.level === 'default' && path.method !== 'GET')
        yield { at: placeOf(view), path: path.id, expected, actual: 'client_max_body_size 1m (default)' }
      else if (/^0+[kmg]?$/i.test(setting.args[0] ?? ''))
        yield { at: setting.at ?? placeOf(view), path: path.id, expected, actual: 'client_max_body_size 0, no limit' }
    }
  },
}

const retried: Rule = {
  id: 'mutation-retried',
  title: 'A mutation is not sent to the daemon twice',
  why: 'The first one may have acted before its answer was lost: the same run is submitted again.',
  severity: 'error',
  judge: subject =>
    wrongSettings(
      passedOn(subject),
      'proxy_next_upstream',
      'proxy_next_upstream without non_idempotent',
      args => !args.includes('non_idempotent'),
    ),
}

const mirrored: Rule = {
  id: 'request-mirrored',
  title: 'Requests go to the daemon only',
  why: 'A mirror gets every bearer token, and acts on every mutation a second time.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view } of passedOn(subject))
      for (const { args, at } of view.listed('mirror'))
        if (args[0] !== 'off') yield { at, path: path.id, expected: 'no mirror', actual: `mirror ${args.join(' ')}` }
  },
}

const earlyData: Rule = {
  id: 'early-data',
  title: 'No request is taken from TLS early data',
  why: 'Early data can be sent again by whoever recorded it: a mutation acts twice.',
  severity: 'error',
  judge: subject => {
    const overTls = passedOn(subject).filter(({ view }) => view.asked.scheme === 'https')
    return hasToBe('ssl_early_data', 'off')(overTls)
  },
}

export const requestRules: readonly Rule[] = [
  authorization,
  headersPassed,
  bodyPassed,
  methodKept,
  connectorHeaders,
  basicAuth,
  bodyLimit,
  retried,
  mirrored,
  earlyData,
]

import type { View } from '../view.ts'
import { madeOf } from './made-of.ts'
import { headerText, passedOn, placeOf, type SentHeader, sentHeader, sentHeaders } from './passed-on.ts'
import type { Found, Rule, Subject } from './rule.ts'

/** Variables that a client chooses. */
const CLAIMED = /^(?:http|arg|cookie)_/

/** A header of which one line has to be sent, since without it the daemon believes the client's own. */
function* hasToBeSet(
  name: string,
  subject: Subject,
  expected: string,
  isTrue: (sent: SentHeader, view: View) => boolean,
): Generator<Found> {
  for (const { path, view } of passedOn(subject)) {
    const lines = arrivingLines(view, name)
    if (lines.length === 0) yield { at: placeOf(view), path: path.id, expected, actual: headerText(name, undefined) }
    for (const one of lines.filter(each => !isTrue(each, view)))
      yield { at: one.at, path: path.id, expected, actual: headerText(name, one) }
    yield* twice(name, lines, path.id)
  }
}

/** An empty line is not sent; where all are, the first of them. */
function arrivingLines(view: View, name: string): readonly SentHeader[] {
  const lines = sentHeaders(view, name)
  const sent = lines.filter(({ value }) => value !== '')
  return sent.length > 0 ? sent : lines.slice(0, 1)
}

function* twice(name: string, [first, second]: readonly SentHeader[], path: string): Generator<Found> {
  if (first === undefined || second === undefined) return
  const actual = `${name} twice, as "${first.value}" and as "${second.value}"`
  yield { at: second.at, path, expected: `${name} once`, actual }
}

/** Whether that is what the request came by, with or without a port; so it is taken of what cannot be told. */
function isAskedName({ value }: SentHeader, view: View): boolean {
  if (/^\$\{?proxy_host\}?$|^$/.test(value)) return false
  const { text, known } = view.fill(value)
  return !known || text.replace(/:\d+$/, '').toLowerCase() === view.asked.host.toLowerCase()
}

const host: Rule = {
  id: 'host-forwarded',
  title: 'The daemon is told the name it was asked by',
  why: 'Without it the daemon sees the name of the upstream, so links it makes and origins it compares are wrong.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view } of passedOn(subject)) {
      const lines = arrivingLines(view, 'Host')
      yield* twice('Host', lines, path.id)
      const [sent] = lines
      if (sent !== undefined && isAskedName(sent, view)) continue
      yield {
        at: sent?.at ?? placeOf(view),
        path: path.id,
        expected: 'Host "$host"',
        actual: sent === undefined ? 'Host "$proxy_host" (default)' : headerText('Host', sent),
      }
    }
  },
}

const hostSpoofed: Rule = {
  id: 'host-spoofed',
  title: 'The name the daemon is told is one this server answers to',
  why: '$http_host is whatever the client wrote, also when the server was chosen by another name; $host was compared.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view } of passedOn(subject)) {
      for (const sent of sentHeaders(view, 'Host')) {
        if (madeOf(subject.configuration, sent.value, CLAIMED) === undefined) continue
        yield { at: sent.at, path: path.id, expected: 'Host "$host"', actual: headerText('Host', sent) }
      }
    }
  },
}

/** Clear text may have been TLS at a proxy before this one; TLS was never clear text. */
function isScheme({ value }: SentHeader, view: View): boolean {
  const { text, known } = view.fill(value)
  return !known || text === 'https' || text === view.asked.scheme
}

const proto: Rule = {
  id: 'forwarded-proto',
  title: 'The daemon is told the scheme it was asked by',
  why: 'Unset, the value that a client sends is passed on and believed.',
  severity: 'error',
  judge: subject => hasToBeSet('X-Forwarded-Proto', subject, 'X-Forwarded-Proto "$scheme"', isScheme),
}

const forwardedFor: Rule = {
  id: 'forwarded-for',
  title: 'The daemon is told the address of the client',
  why: 'Unset, the value that a client sends is passed on and believed, and an audit names whom the client liked.',
  severity: 'error',
  judge: subject =>
    hasToBeSet('X-Forwarded-For', subject, 'X-Forwarded-For "$remote_addr"', ({ value }) => value.includes('$')),
}

const TOLD = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Real-IP', 'Forwarded']

const spoofed: Rule = {
  id: 'forwarded-spoofed',
  title: 'What the daemon is told of the client does not come from the client',
  why: 'Whoever writes the header chooses the address that is audited and limited.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view } of passedOn(subject)) {
      for (const name of TOLD) {
        for (const sent of sentHeaders(view, name)) {
          const claimed = madeOf(subject.configuration, sent.value, CLAIMED)
          if (claimed === undefined) continue
          const source = sent.value.includes(`$${claimed}`) ? '' : `, which may be $${claimed}`
          const actual = `${headerText(name, sent)}${source}`
          yield { at: sent.at, path: path.id, expected: `${name} of the proxy’s own`, actual }
        }
      }
    }
  },
}

const appended: Rule = {
  id: 'forwarded-for-appended',
  title: 'X-Forwarded-For begins with an address the proxy has seen',
  why: 'Appended, the list begins with what the client claims, and most readers take the first. At the edge there is nobody before to believe.',
  severity: 'warning',
  *judge(subject) {
    for (const { path, view } of passedOn(subject)) {
      const sent = sentHeader(view, 'X-Forwarded-For')
      if (sent === undefined || !/\$\{?proxy_add_x_forwarded_for\b/.test(sent.value)) continue
      // Where the proxies before this one are named, the list was checked against them.
      if (view.listed('set_real_ip_from').length > 0) continue
      yield {
        at: sent.at,
        path: path.id,
        expected: 'X-Forwarded-For "$remote_addr"',
        actual: headerText('X-Forwarded-For', sent),
      }
    }
  },
}

const realIp: Rule = {
  id: 'real-ip-from-anyone',
  title: 'Only proxies that are named may say whom they speak for',
  why: 'Every client may then choose its own address, in logs, in limits and in what the daemon is told.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view } of passedOn(subject)) {
      for (const { args, at } of view.listed('set_real_ip_from')) {
        if (!/\/0+$/.test(args[0] ?? '')) continue
        yield {
          at,
          path: path.id,
          expected: 'set_real_ip_from with the addresses of your proxies',
          actual: `set_real_ip_from ${args[0]}`,
        }
      }
    }
  },
}

export const identityRules: readonly Rule[] = [host, hostSpoofed, proto, forwardedFor, spoofed, appended, realIp]

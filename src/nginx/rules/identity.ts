import { headerText, passedOn, placeOf, sentHeader } from './passed-on.ts'
import type { Found, Rule, Subject } from './rule.ts'

/** Values that a client chooses. */
const CLAIMED = /\$\{?(?:http|arg|cookie)_/

/** A header without which the daemon believes the client's own. */
function hasToBeSet(name: string, subject: Subject, expected: string): Found[] {
  return [...passedOn(subject)].flatMap(({ path, view }) => {
    if (sentHeader(view, name) !== undefined) return []
    return [{ at: placeOf(view), path: path.id, expected, actual: headerText(name, undefined) }]
  })
}

const host: Rule = {
  id: 'host-forwarded',
  title: 'The daemon is told the name it was asked by',
  why: 'Without it the daemon sees the name of the upstream, so links it makes and origins it compares are wrong.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view } of passedOn(subject)) {
      const sent = sentHeader(view, 'Host')
      if (sent !== undefined && !/^\$\{?proxy_host\}?$|^$/.test(sent.value)) continue
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
      const sent = sentHeader(view, 'Host')
      if (sent === undefined || !CLAIMED.test(sent.value)) continue
      yield { at: sent.at, path: path.id, expected: 'Host "$host"', actual: headerText('Host', sent) }
    }
  },
}

const proto: Rule = {
  id: 'forwarded-proto',
  title: 'The daemon is told the scheme it was asked by',
  why: 'Unset, the value that a client sends is passed on and believed.',
  severity: 'error',
  judge: subject => hasToBeSet('X-Forwarded-Proto', subject, 'X-Forwarded-Proto "$scheme"'),
}

const forwardedFor: Rule = {
  id: 'forwarded-for',
  title: 'The daemon is told the address of the client',
  why: 'Unset, the value that a client sends is passed on and believed, and an audit names whom the client liked.',
  severity: 'error',
  judge: subject => hasToBeSet('X-Forwarded-For', subject, 'X-Forwarded-For "$remote_addr"'),
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
        const sent = sentHeader(view, name)
        if (sent === undefined || !CLAIMED.test(sent.value)) continue
        yield { at: sent.at, path: path.id, expected: `${name} of the proxy’s own`, actual: headerText(name, sent) }
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

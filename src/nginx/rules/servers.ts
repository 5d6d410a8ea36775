import type { ServerView } from '../view.ts'
import { isLoopback } from './address.ts'
import { passedOn, wrongSettings } from './passed-on.ts'
import type { Rule, Subject } from './rule.ts'

const version: Rule = {
  id: 'version-disclosed',
  title: 'The version of nginx is not told',
  why: 'It says which published holes are open, to whoever makes an error happen.',
  severity: 'warning',
  judge: subject =>
    wrongSettings(
      passedOn(subject),
      'server_tokens',
      'server_tokens off',
      ([value]) => value === 'off' || value === '',
    ),
}

/** A name nobody has. @see RFC 6761 */
const NOBODY = 'nobody.invalid'

/** Whether the server answers to a name that is not its own, at any of its addresses. */
function answersToAnyName({ effective }: Subject, server: ServerView): boolean {
  return server.listens.some(({ tls, address, port }) => {
    // On loopback nobody comes from the network, whatever name they say.
    if (port === undefined || isLoopback(address)) return false
    const asked = { scheme: tls ? 'https' : 'http', host: NOBODY, listen: { address, port }, path: '/' } as const
    return effective.view(asked).server === server
  })
}

const defaultServer: Rule = {
  id: 'default-server',
  title: 'Only requests for the gateway’s own name reach the daemon',
  why: 'A request for any other name is passed on by the first server of the address: a page of another site whose name is pointed here talks to the daemon.',
  severity: 'warning',
  *judge(subject) {
    for (const server of new Set([...passedOn(subject)].map(({ view }) => view.server))) {
      if (!answersToAnyName(subject, server)) continue
      yield {
        at: server.at,
        expected: 'another server as default_server, with ssl_reject_handshake on or return 444',
        actual: `the server of ${server.names.join(' ') || 'no name'} takes every name`,
      }
    }
  },
}

const redirectHost: Rule = {
  id: 'redirect-host',
  title: 'Redirects lead to the gateway',
  why: 'The client chooses where it is sent: links to this server lead elsewhere, and a cache on the way keeps them.',
  severity: 'warning',
  *judge(subject) {
    for (const { action, server } of subject.effective.places) {
      if (action?.kind !== 'return' || action.text === undefined || action.status < 300 || action.status > 399) continue
      const host = /^(?:https?:|\$scheme:|\$\{scheme\}:)?\/\/([^/]*)/.exec(action.text)?.[1] ?? ''
      const chosen =
        /\$\{?(?:http_|arg_|cookie_)/.test(host) || (/\$\{?host\b/.test(host) && answersToAnyName(subject, server))
      if (!chosen) continue
      yield { at: action.at, expected: 'a name that is written out', actual: `return ${action.status} ${action.text}` }
    }
  },
}

export const serverRules: readonly Rule[] = [version, defaultServer, redirectHost]

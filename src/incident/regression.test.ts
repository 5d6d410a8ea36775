import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import reverseProxy from '../../smoke/reverse-proxy.ts'
import sloProbe from '../../smoke/slo-probe.ts'
import { plan } from '../engine/plan.ts'
import kheish from '../targets/kheish.ts'
import standIn from '../targets/stand-in.ts'
import { smokeLine } from './regression.ts'

/** What a shell would make of the parameters, where nothing is quoted. */
const given = (line: string) =>
  Object.fromEntries(
    (line.split(' --param ')[1] ?? '').split(' ').flatMap(word => {
      const equals = word.indexOf('=')
      return equals < 0 ? [] : [[word.slice(0, equals), word.slice(equals + 1)]]
    }),
  )

const RUNNING = {
  'base-url': 'https://127.0.0.1:4000',
  'admin-token-file': '/keys/admin',
  'readonly-token-file': '/keys/read',
  'state-root': '/state',
  binary: '/bin/daemon',
  'ca-file': '/ca.pem',
}

describe('a command that is to be run from now on', () => {
  test('asks the same daemon, with parameters that its suite takes', () => {
    const line = smokeLine({ params: RUNNING, target: kheish }, 'slo-probe')
    assert.match(line, /^bin\/runproof smoke slo-probe --target kheish --param base-url=https:\/\/127\.0\.0\.1:4000 /)
    const { params } = plan(sloProbe, kheish, given(line))
    assert.deepEqual([params['token-file'], params['ca-file']], ['/keys/read', '/ca.pem'])
  })

  test('asks through a proxy, and the daemon behind it', () => {
    const proxy = { 'base-url': 'http://p:80', 'direct-url': RUNNING['base-url'], 'ca-file': undefined }
    const { params } = plan(
      reverseProxy,
      kheish,
      given(smokeLine({ params: RUNNING, target: kheish }, 'reverse-proxy', proxy)),
    )
    assert.deepEqual([params['base-url'], params['direct-url']], ['http://p:80', 'https://127.0.0.1:4000'])
  })

  test('needs no parameters after a rehearsal, and quotes what a shell would take apart', () => {
    assert.equal(smokeLine({ params: {}, target: standIn }, 'live'), 'bin/runproof smoke live --target stand-in')
    const line = smokeLine({ params: { ...RUNNING, 'state-root': "/it's here" }, target: kheish }, 'live')
    assert.ok(line.includes(`state-root='/it'\\''s here'`), line)
  })
})

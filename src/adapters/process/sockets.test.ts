import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isLoopback, parseSocketTable, parseUnixTable } from './sockets.ts'

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
const row = (address: string, state: string, inode: number) =>
  `   0: ${address} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000 100 0`

describe('parseSocketTable', () => {
  const cases = [
    ['127.0.0.1', '0100007F:0FA0', 'tcp', '127.0.0.1', 4000],
    ['every IPv4 address', '00000000:1F90', 'tcp', '0.0.0.0', 8080],
    ['::1', '00000000000000000000000001000000:0016', 'tcp6', '::1', 22],
    ['every IPv6 address', '00000000000000000000000000000000:0016', 'tcp6', '::', 22],
    ['IPv4 mapped into IPv6', '0000000000000000FFFF00000100007F:0050', 'tcp6', '::ffff:127.0.0.1', 80],
    ['a documentation address', 'B80D0120000000000000000001000000:0050', 'tcp6', '2001:db8::1', 80],
  ] as const
  for (const [title, hex, protocol, address, port] of cases) {
    test(`reads ${title}`, () => {
      const text = [HEAD, row(hex, '0A', 77), ''].join('\n')
      assert.deepEqual(parseSocketTable(text, protocol), [{ protocol, address, port, inode: 77 }])
    })
  }

  test('leaves out connections, and keeps unconnected UDP sockets', () => {
    const text = [HEAD, row('0100007F:0FA0', '01', 1), row('0100007F:0FA1', '07', 2), ''].join('\n')
    assert.deepEqual(parseSocketTable(text, 'tcp'), [])
    assert.deepEqual(
      parseSocketTable(text, 'udp').map(({ port }) => port),
      [4001],
    )
  })
})

test('isLoopback knows loopback from wildcard and from everything else', () => {
  for (const address of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1']) assert.equal(isLoopback(address), true)
  for (const address of ['0.0.0.0', '::', '10.127.0.1', '::ffff:10.0.0.1', '2001:db8::1']) {
    assert.equal(isLoopback(address), false)
  }
})

test('parseUnixTable gives paths of listening sockets, not connections or abstract names', () => {
  const text = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '0000000000000001: 00000002 00000000 00010000 0001 01 16180 /run/engine with space.sock',
    '0000000000000002: 00000003 00000000 00000000 0001 03 27182 /run/connected.sock',
    '0000000000000003: 00000002 00000000 00010000 0001 01   141 @abstract',
    '0000000000000004: 00000003 00000000 00000000 0001 03 31415',
    '',
  ].join('\n')
  assert.deepEqual(parseUnixTable(text), ['/run/engine with space.sock'])
})

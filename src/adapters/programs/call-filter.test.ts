import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { callFilter } from './call-filter.ts'

/** As the kernel runs it, of the instructions that are used. @see seccomp(2) */
function verdict(filter: Buffer, arch: number, call: number, firstArgument = 0): string {
  let loaded = 0
  for (let at = 0; at < filter.length; at += 8) {
    const [code, value] = [filter.readUInt16LE(at), filter.readUInt32LE(at + 4)]
    if (code === 0x20)
      loaded = new Map([
        [0, call],
        [4, arch],
        [16, firstArgument],
      ] as const).get(value as 0)!
    else if (code === 0x06) return value === 0x7fff_0000 ? 'allowed' : `error ${value & 0xffff}`
    else {
      const holds = code === 0x15 ? loaded === value : loaded >= value
      at += 8 * filter.readUInt8(at + (holds ? 2 : 3))
    }
  }
  return 'past the end'
}

describe('the filter of system calls', () => {
  const machines = [
    ['x64', 'x86-64', 0xc000_003e, 41, { keyctl: 250, io_uring_setup: 425 }, 59],
    ['x64', 'i386', 0x4000_0003, 359, { keyctl: 288, socketcall: 102, io_uring_setup: 425 }, 11],
    ['arm64', 'arm64', 0xc000_00b7, 198, { keyctl: 219, io_uring_setup: 425 }, 221],
    ['arm64', 'arm', 0x4000_0028, 281, { keyctl: 311, io_uring_setup: 425 }, 11],
  ] as const
  for (const [machine, name, arch, socket, absent, execve] of machines) {
    test(`leaves ${name} the sockets that end at a network namespace, and no keyring`, () => {
      const own = callFilter('own', machine)!
      const families = { unix: 1, inet: 2, inet6: 10, netlink: 16, packet: 17, vsock: 40 }
      assert.deepEqual(
        Object.entries(families).map(([family, number]) => [family, verdict(own, arch, socket, number)]),
        [
          ...[
            ['unix', 'error 97'],
            ['inet', 'allowed'],
            ['inet6', 'allowed'],
            ['netlink', 'allowed'],
          ],
          ...[
            ['packet', 'error 97'],
            ['vsock', 'error 97'],
          ],
        ],
      )
      for (const [call, number] of Object.entries(absent)) assert.equal(verdict(own, arch, number), 'error 38', call)
      assert.equal(verdict(own, arch, execve), 'allowed')
      const shared = callFilter('shared', machine)!
      for (const number of Object.values(families)) assert.equal(verdict(shared, arch, socket, number), 'error 97')
      assert.equal(verdict(shared, arch, execve), 'allowed')
    })
  }

  test('has no other way in: not x32, and no machine that it does not know', () => {
    const filter = callFilter('own', 'x64')!
    assert.equal(verdict(filter, 0xc000_003e, 0x4000_0000 + 41, 1), 'error 38')
    assert.equal(verdict(filter, 0xc000_00b7, 221), 'error 38')
    assert.equal(callFilter('own', 'riscv64'), null)
  })
})

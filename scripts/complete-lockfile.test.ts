import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completeLockfile } from './complete-lockfile.ts'

const parent = {
  version: '1.0.0',
  dev: true,
  optionalDependencies: { '@a/b-linux-x64': '1.0.0', '@a/b-darwin-arm64': '1.0.0' },
}
const here = { version: '1.0.0', integrity: 'sha512-planted', os: ['linux'], cpu: ['x64'], optional: true }
const lockfile = (packages: object) => JSON.stringify({ lockfileVersion: 3, packages })

test('a lockfile gets the optional packages that npm left out, and keeps those it has', () => {
  const before = lockfile({ '': {}, 'node_modules/@a/b': parent, 'node_modules/@a/b-linux-x64': here })
  const completed = JSON.parse(completeLockfile(before)).packages
  assert.deepEqual(completed['node_modules/@a/b-linux-x64'], here)
  assert.deepEqual(completed['node_modules/@a/b-darwin-arm64'], {
    version: '1.0.0',
    dev: true,
    optional: true,
    cpu: ['arm64'],
    os: ['darwin'],
  })
})

test('a package for another C library is not fetched on this one', () => {
  const before = lockfile({ 'node_modules/a': { optionalDependencies: { 'a-linux-x64-musl': '1.0.0' } } })
  const added = JSON.parse(completeLockfile(before)).packages['node_modules/a-linux-x64-musl']
  assert.deepEqual([added.os, added.cpu, added.libc], [['linux'], ['x64'], ['musl']])
})

test('a complete lockfile stays as it is', () => {
  const once = completeLockfile(lockfile({ '': {}, 'node_modules/@a/b': parent }))
  assert.equal(completeLockfile(once), once)
})

test('a package whose name tells no platform is refused', () => {
  const before = lockfile({ 'node_modules/a': { optionalDependencies: { 'a-extra': '1.0.0' } } })
  assert.throws(() => completeLockfile(before), /a-extra: its name tells no platform/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mountsBelow, parseMountInfo } from './mounts.ts'

test('parseMountInfo reads optional fields and octal escapes', () => {
  const text = [
    '36 35 98:0 / /mnt/with\\040space rw,noatime master:1 shared:2 - ext4 /dev/root rw,errors=continue',
    '65 43 0:39 / /view rw,relatime - overlay view-0 rw,lowerdir=lower,upperdir=upper,workdir=work',
    '',
  ].join('\n')
  assert.deepEqual(parseMountInfo(text), [
    { at: '/mnt/with space', type: 'ext4', source: '/dev/root', options: 'rw,errors=continue' },
    { at: '/view', type: 'overlay', source: 'view-0', options: 'rw,lowerdir=lower,upperdir=upper,workdir=work' },
  ])
})

test('mountsBelow finds a mount point itself and nothing with a similar name', () => {
  assert.ok(mountsBelow('/proc').includes('/proc'))
  assert.deepEqual(mountsBelow('/pro'), [])
})

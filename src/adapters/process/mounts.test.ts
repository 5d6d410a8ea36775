import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mountsBelow, parseMountInfo, reachable } from './mounts.ts'

test('parseMountInfo reads optional fields and octal escapes', () => {
  const text = [
    '36 35 98:0 / /mnt/with\\040space rw,noatime master:1 shared:2 - ext4 /dev/root rw,errors=continue',
    '65 43 0:39 / /view rw,relatime - overlay view-0 rw,lowerdir=lower,upperdir=upper,workdir=work',
    '',
  ].join('\n')
  assert.deepEqual(parseMountInfo(text), [
    {
      at: '/mnt/with space',
      type: 'ext4',
      source: '/dev/root',
      options: 'rw,errors=continue',
      flags: 'rw,noatime',
      readOnly: false,
      device: '98:0',
    },
    {
      at: '/view',
      type: 'overlay',
      source: 'view-0',
      options: 'rw,lowerdir=lower,upperdir=upper,workdir=work',
      flags: 'rw,relatime',
      readOnly: false,
      device: '0:39',
    },
  ])
})

test('mountsBelow finds a mount point itself and nothing with a similar name', () => {
  assert.ok(mountsBelow('/proc').includes('/proc'))
  assert.deepEqual(mountsBelow('/pro'), [])
})

test('reachable leaves out what another mount covers, at the same place or above it', () => {
  const text = [
    '1 0 8:1 / / ro,relatime - ext4 /dev/root rw',
    '2 1 0:9 / /proc rw - proc proc rw',
    '3 1 0:5 / /tmp/deep rw - tmpfs below rw',
    '4 3 0:6 / /tmp/deep/er rw - tmpfs below rw',
    '5 1 0:7 / /tmp rw - tmpfs above rw',
    '6 5 8:1 /kept /tmp/deep rw - ext4 /dev/root rw',
    '7 2 0:8 / /proc ro - proc again rw',
    '8 7 0:8 / /proc/sys ro - proc inside rw',
    '9 1 0:4 / /tmpfs rw - tmpfs similar rw',
  ].join('\n')
  assert.deepEqual(
    reachable(text).map(({ at, source }) => [at, source]),
    [
      ['/', '/dev/root'],
      ['/tmp', 'above'],
      ['/tmp/deep', '/dev/root'],
      ['/proc', 'again'],
      ['/proc/sys', 'inside'],
      ['/tmpfs', 'similar'],
    ],
  )
})

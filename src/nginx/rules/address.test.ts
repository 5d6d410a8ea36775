import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback, reachOf } from './address.ts'

for (const [address, reach] of [
  ['127.0.0.1:4000', 'loopback'],
  ['127.9.9.9', 'loopback'],
  ['localhost:4000', 'loopback'],
  ['unix:/run/x.sock', 'loopback'],
  ['[::1]:4000', 'loopback'],
  ['[0:0:0:0:0:0:0:1]', 'loopback'],
  ['10.1.2.3:80', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1:80', 'private'],
  ['169.254.1.1', 'private'],
  ['[fd12:3456::1]:80', 'private'],
  ['[fe80::1]', 'private'],
  ['[2001:db8::1]:80', 'public'],
  ['[::2]', 'public'],
  ['1.1.1.1', 'public'],
  ['daemon.example.com:80', 'name'],
] as const)
  test(`${address} is ${reach}`, () => assert.equal(reachOf(address), reach))

for (const [address, is] of [
  ['127.0.0.1', true],
  ['::1', true],
  ['[::1]', true],
  ['localhost', true],
  ['*', false],
  ['::', false],
  ['[::]', false],
  ['0.0.0.0', false],
  ['10.0.0.1', false],
] as const)
  test(`${address} is ${is ? 'listened at by this machine only' : 'reached from a network'}`, () =>
    assert.equal(isLoopback(address), is))

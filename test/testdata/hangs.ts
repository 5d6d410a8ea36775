import { test } from 'node:test'

test('never ends', () => new Promise(() => setTimeout(() => {}, 5000).unref()))
test('still runs', () => {})

import { test } from 'node:test'

setInterval(() => {}, 1000)
test('passes and leaves a timer', () => {})

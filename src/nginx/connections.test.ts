import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionsPassedOn } from './connections.ts'
import { parseConfig } from './parse.ts'

function told(text: string): readonly string[] {
  const file = parseConfig('edge.conf', Buffer.from(text))
  return connectionsPassedOn({ files: [file], included: new Map() })
}

test('connections that a stream block passes on are told, requests are not', () => {
  assert.deepEqual(told('http { server { location / { proxy_pass http://127.0.0.1:4000; } } }'), [])
  assert.deepEqual(told('stream {\n  server { listen 4001;\n    proxy_pass 127.0.0.1:4000; }\n}'), [
    'connections of a stream block go to 127.0.0.1:4000 (edge.conf:3): whoever reaches its port reaches that',
  ])
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Configuration, Directive } from './ast.ts'
import { changeConfiguration, withInside, written } from './change.ts'
import { parseConfig } from './parse.ts'
import { printConfig } from './print.ts'

describe('changeConfiguration', () => {
  const main = parseConfig('/main', Buffer.from('http { # kept\n  include more;\n  server { listen 80; }\n}\n'))
  const more = parseConfig('/more', Buffer.from('gzip on;\nmap $a $b { x y; }\n'))
  const include = (main.directives[0]!.body as { directives: readonly Directive[] }).directives[0]!
  const configuration: Configuration = { files: [main, more], included: new Map([[include, [more]]]) }
  const printed = ({ files }: Configuration) => files.map(file => Buffer.from(printConfig(file)).toString())

  test('gives the same files where nothing is changed', () => {
    const same = changeConfiguration(configuration, () => undefined)
    assert.deepEqual(same.files, configuration.files)
    assert.equal(same.files[0], main)
    assert.equal(same.included.get(include)![0], more)
  })

  test('puts directives in the place of others, in every file, and keeps the rest as it was written', () => {
    const changed = changeConfiguration(configuration, directive =>
      directive.name.text === 'gzip' || directive.name.text === 'listen'
        ? written('off 1; off 2;', directive)
        : undefined,
    )
    assert.deepEqual(printed(changed), [
      'http { # kept\n  include more;\n  server { off 1; off 2; }\n}\n',
      ' off 1; off 2;\nmap $a $b { x y; }\n',
    ])
    assert.equal(changed.included.get(include)![0], changed.files[1], 'what is included is what was changed')
  })

  test('takes directives away, and tells what contains them', () => {
    const seen: string[] = []
    const changed = changeConfiguration(configuration, ({ name }, within) => {
      seen.push([...within.map(one => one.name.text), name.text].join('/'))
      return name.text === 'server' ? [] : undefined
    })
    assert.deepEqual(printed(changed)[0], 'http { # kept\n  include more;\n}\n')
    assert.deepEqual(seen, ['http', 'http/include', 'http/server', 'gzip', 'map', 'map/x'])
  })

  test('puts directives at the beginning of a block, at the position of what they stand for', () => {
    const changed = changeConfiguration(configuration, directive =>
      directive.name.text === 'server' ? [withInside(directive, written('root "/a b";', directive))] : undefined,
    )
    assert.match(printed(changed)[0]!, /server \{ root "\/a b"; listen 80; \}/)
    const [added] = written('root /a;', include)
    assert.deepEqual(added!.name.at, include.name.at)
    assert.equal(withInside(include, written('x;', include)), include, 'what has no block has no inside')
  })
})

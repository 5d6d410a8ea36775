import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { RunproofError } from '../../model/error.ts'
import { readConfiguration } from './read-config.ts'

function scratch() {
  return mkdtempDisposableSync(join(tmpdir(), 'read-config-'))
}

async function refusal(path: string): Promise<RunproofError> {
  try {
    await readConfiguration(path)
  } catch (thrown) {
    assert.ok(thrown instanceof RunproofError, String(thrown))
    return thrown
  }
  throw new assert.AssertionError({ message: `${path} was read` })
}

describe('readConfiguration', () => {
  test('reads files and patterns from the disk', async () => {
    using directory = scratch()
    const main = join(directory.path, 'nginx.conf')
    mkdirSync(join(directory.path, 'conf.d'))
    writeFileSync(main, 'http { include conf.d/*.conf; }')
    writeFileSync(join(directory.path, 'conf.d/b.conf'), 'b;')
    writeFileSync(join(directory.path, 'conf.d/a.conf'), 'a;')
    writeFileSync(join(directory.path, 'conf.d/a.conf~'), '}')
    const { files } = await readConfiguration(main)
    assert.deepEqual(
      files.map(file => file.path.slice(directory.path.length)),
      ['/nginx.conf', '/conf.d/a.conf', '/conf.d/b.conf'],
    )
  })

  test('takes given contents instead of files, also for patterns', async () => {
    using directory = scratch()
    const main = join(directory.path, 'nginx.conf')
    writeFileSync(main, 'include /nowhere/mime.types; include d/*;')
    mkdirSync(join(directory.path, 'd'))
    writeFileSync(join(directory.path, 'd/b'), 'b;')
    const given = new Map([
      ['/nowhere/mime.types', Buffer.from('types {}')],
      [join(directory.path, 'd/a'), Buffer.from('a;')],
      [join(directory.path, 'd/b'), Buffer.from('c;')],
    ])
    const { files } = await readConfiguration(main, { given })
    assert.deepEqual(
      files.slice(1).map(file => file.directives[0]!.name.text),
      ['types', 'a', 'c'],
    )
  })

  test('refuses what is no file', async () => {
    using directory = scratch()
    const main = join(directory.path, 'nginx.conf')
    const missing = await refusal(main)
    assert.equal(missing.code, 'FILE_UNREADABLE')
    assert.match(missing.message, /nginx.conf: ENOENT/)

    const isDirectory = await refusal(directory.path)
    assert.equal(isDirectory.code, 'FILE_UNREADABLE')
    assert.match(isDirectory.message, /is a directory/)

    execFileSync('mkfifo', [join(directory.path, 'pipe')])
    writeFileSync(main, 'a;\n  include pipe;')
    const pipe = await refusal(main)
    assert.equal(pipe.code, 'CONFIG_INVALID')
    assert.match(pipe.message, /nginx.conf:2:3: .*pipe is included: .* is no ordinary file/)

    writeFileSync(main, 'include "a\0b";')
    assert.match((await refusal(main)).message, /NUL/)
  })

  test('refuses a file beyond all bounds without reading it', async () => {
    using directory = scratch()
    const main = join(directory.path, 'nginx.conf')
    writeFileSync(main, 'include big;')
    execFileSync('truncate', ['-s', '1T', join(directory.path, 'big')])
    const { code, message } = await refusal(main)
    assert.equal(code, 'CONFIG_INVALID')
    assert.match(message, /nginx.conf:1:1: .*big is included: .*1099511627776 bytes/)
  })

  test('names a file it may not read', async () => {
    using directory = scratch()
    const main = join(directory.path, 'nginx.conf')
    writeFileSync(main, 'a;', { mode: 0o000 })
    const isRoot = process.getuid?.() === 0
    if (isRoot) process.seteuid!(65534)
    try {
      const { code, message } = await refusal(main)
      assert.equal(code, 'FILE_UNREADABLE')
      assert.match(message, /EACCES/)
    } finally {
      if (isRoot) process.seteuid!(0)
    }
  })

  test('reads a line of a mebibyte', async () => {
    using directory = scratch()
    const main = join(directory.path, 'nginx.conf')
    writeFileSync(main, `a${' b'.repeat(2 ** 19)};`)
    const { files } = await readConfiguration(main)
    assert.equal(files[0]!.directives[0]!.args.length, 2 ** 19)
    writeFileSync(main, `a ${'b'.repeat(2 ** 20)};`)
    assert.match((await refusal(main)).message, /:1:3: a parameter of 1048576 bytes is too long/)
  })

  test('refuses a binary, saying so', async () => {
    const { code, hint } = await refusal(process.execPath)
    assert.ok(code === 'FILE_UNREADABLE' || code === 'CONFIG_INVALID')
    assert.ok(hint)
    using directory = scratch()
    const main = join(directory.path, 'nginx.conf')
    writeFileSync(main, Buffer.from('7f454c46020101000000', 'hex'))
    assert.match((await refusal(main)).hint ?? '', /NUL bytes/)
  })
})

const missing = spawnSync('nginx', ['-v']).error === undefined ? false : 'this machine has no nginx'

describe('nginx -T and we read the same files in the same order', { skip: missing }, () => {
  const names = [
    'a.conf',
    'B.conf',
    'b.conf',
    '.h.conf',
    '10.conf',
    '9.conf',
    'é.conf',
    'a-b.conf',
    'x[1].conf',
    'a b.conf',
    ']',
    'zz',
  ]
  const patterns = [
    '*',
    '*.conf',
    '?.conf',
    '[ab].conf',
    '[a-c]*',
    '[!a]*.conf',
    '[^a]*.conf',
    '.*.conf',
    '[[:digit:]]*',
    '[[:upper:]]*.conf',
    '[]z]*',
    'x\\[*',
    'x[[]1].conf',
    '[z-a]*',
    '[',
    'x[1',
    '*[',
    '*b.conf',
    '**',
    'é*',
    '??.conf',
    '[é].conf',
    '*\\.conf',
    '{a,b}.conf*',
    'a[ -]b.conf',
    '[a-]*',
    '[!]]*',
    'none*',
    '../d/a*',
    '../*/a.conf',
    '../d/./*.conf',
    './/*.conf',
    '[a/b]*',
    '\\a*',
    '[\\a]*',
    '[[:none:]]*',
    '[a-c-e]*',
  ]

  test('of every pattern', async () => {
    using directory = scratch()
    const folder = join(directory.path, 'd')
    mkdirSync(folder)
    for (const name of names) writeFileSync(join(folder, name), `# ${name}\n`)
    mkdirSync(join(directory.path, 'logs'))
    const wrong: string[] = []
    for (const pattern of patterns) {
      const main = join(directory.path, 'nginx.conf')
      writeFileSync(main, `events { }\ninclude "d/${pattern.replaceAll('\\', '\\\\')}";\n`)
      const { stdout, stderr } = spawnSync('nginx', ['-p', directory.path, '-c', main, '-T', '-q'], {
        encoding: 'utf8',
      })
      const refused = stderr.includes('[emerg]')
      const expected = [...stdout.matchAll(/^# configuration file (.*):$/gm)].map(found => found[1]!)
      let found: readonly string[] | undefined
      try {
        found = (await readConfiguration(main)).files.map(file => file.path)
      } catch {}
      if (refused ? found !== undefined : JSON.stringify(found) !== JSON.stringify(expected)) {
        wrong.push(`${pattern}: nginx ${refused ? stderr : expected.join(' ')}, we ${found?.join(' ')}`)
      }
    }
    assert.deepEqual(wrong, [])
  })
})

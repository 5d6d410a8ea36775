import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { rgPath } from '@vscode/ripgrep'
import { RunproofError } from '../model/error.ts'
import type { LeakScan, LeakScanLimits } from '../model/leak-scan.ts'
import { Secret } from '../model/secret.ts'
import { formsOf } from '../scan/forms.ts'
import { leakScan } from './leak-scan.ts'

const value = () => `${randomBytes(9).toString('base64')}"\\&/'${randomBytes(9).toString('base64url')}`

let scratch: string
before(() => {
  scratch = mkdtempSync(join(tmpdir(), 'leak-scan-'))
})
after(() => rmSync(scratch, { recursive: true, force: true }))

/** A fresh directory below the scratch one. */
function place(): string {
  return mkdtempSync(join(scratch, 'place-'))
}

function scan(path: string, secret: Secret, limits: Partial<LeakScanLimits> = {}): Promise<LeakScan> {
  return leakScan.scanPaths({ paths: [path], secrets: [secret], limits })
}

function tar(name: string, content: Buffer, format = 'gnu'): Buffer {
  const directory = place()
  const path = join(directory, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
  return execFileSync('tar', ['-C', directory, `--format=${format}`, '-cf', '-', name], { maxBuffer: 2 ** 30 })
}

interface ZipMember {
  readonly name: string
  readonly content: Buffer
  readonly method?: 0 | 8 | 12
  /** Sizes only behind the body, as a writer to a pipe does; with or without the signature. */
  readonly sizeLater?: 'signed' | 'bare'
  readonly flags?: number
}

function zip(...members: readonly ZipMember[]): Buffer {
  const parts: Buffer[] = []
  for (const { name, content, method = 8, sizeLater, flags = 0 } of members) {
    const body = method === 8 ? deflateRawSync(content) : content
    const header = Buffer.alloc(30)
    header.writeUInt32LE(0x04034b50, 0)
    header.writeUInt16LE(flags | (sizeLater ? 8 : 0), 6)
    header.writeUInt16LE(method, 8)
    if (!sizeLater) header.writeUInt32LE(body.length, 18)
    header.writeUInt16LE(Buffer.byteLength(name), 26)
    parts.push(header, Buffer.from(name), body)
    const descriptor = Buffer.alloc(12)
    descriptor.writeUInt32LE(body.length, 4)
    if (sizeLater === 'signed') parts.push(Buffer.from('PK\x07\x08'))
    if (sizeLater) parts.push(descriptor)
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  return Buffer.concat([...parts, end])
}

/** Ways to pack content so that no search of the raw bytes sees it. */
const CONTAINERS: Record<string, (content: Buffer) => Buffer> = {
  'plain file': content => content,
  gzip: content => gzipSync(content),
  'gzip, second member': content => Buffer.concat([gzipSync('first'), gzipSync(content)]),
  'gzip, member behind zero padding': content =>
    Buffer.concat([gzipSync('first'), Buffer.alloc(700), gzipSync(content)]),
  'gzip followed by other bytes': content => Buffer.concat([gzipSync(content), Buffer.from('not gzip')]),
  'gzip with name, comment, extra field': content => {
    const plain = gzipSync(content)
    const fields = Buffer.from([3, 0, 1, 2, 3, 0x6e, 0, 0x63, 0, 9, 9])
    const header = Buffer.from(plain.subarray(0, 10))
    header[3] = 4 | 8 | 16 | 2
    return Buffer.concat([header, fields, plain.subarray(10)])
  },
  zlib: content => deflateSync(content),
  zstd: content => zstdCompressSync(content),
  'zstd, second frame': content => Buffer.concat([zstdCompressSync('first'), zstdCompressSync(content)]),
  'zstd behind a skippable frame': content =>
    Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5]), zstdCompressSync(content)]),
  tar: content => tar('inside.bin', content),
  'tar.gz': content => gzipSync(tar('a/b/inside.bin', content)),
  'tar.zst in pax format': content => zstdCompressSync(tar(`${'long'.repeat(40)}/inside.bin`, content, 'posix')),
  'gzip in tar': content => tar('inside.gz', gzipSync(content)),
  'tar.gz in tar.zst': content => zstdCompressSync(tar('inner.tar.gz', gzipSync(tar('inside.bin', content)))),
  'second tar appended to a tar': content =>
    Buffer.concat([tar('a', Buffer.from('a')), tar('b.gz', gzipSync(content))]),
  'zip, deflated': content => zip({ name: 'first', content: Buffer.from('1') }, { name: 'inside', content }),
  'zip, stored gzip': content => zip({ name: 'inside.gz', content: gzipSync(content), method: 0 }),
  'zip written to a pipe': content =>
    zip(
      { name: 'first', content: Buffer.from('1'), sizeLater: 'signed' },
      { name: 'x', content, sizeLater: 'bare' },
      { name: 'inside', content },
    ),
  'zip in gzip in tar': content => tar('z.gz', gzipSync(zip({ name: 'inside', content }))),
  'five layers of gzip': content => gzipSync(gzipSync(gzipSync(gzipSync(gzipSync(content))))),
}

describe('scanPaths', () => {
  test('finds every form in every container, and says which file', async () => {
    const directory = place()
    const secret = new Secret('it', value())
    const { forms } = formsOf({ name: 'it', value: secret.reveal() })
    // one archive costs a process of tar, so all forms of a container lie in one content
    const filler = () => randomBytes(40).toString('base64')
    const content = Buffer.concat(forms.flatMap(form => [Buffer.from(`${filler()}|`), form.bytes, Buffer.from('|')]))
    for (const [name, pack] of Object.entries(CONTAINERS)) writeFileSync(join(directory, name), pack(content))

    const result = await scan(directory, secret, { maxFindings: 1e6 })
    for (const container of Object.keys(CONTAINERS)) {
      const path = join(directory, container)
      const inside = result.findings.filter(finding => finding.path === path || finding.path.startsWith(`${path}!`))
      const found = new Set(inside.map(finding => finding.form))
      assert.deepEqual(
        forms.map(form => form.name).filter(form => !found.has(form)),
        [],
        `${container} hides forms`,
      )
    }
    assert.deepEqual(result.unsearched, [])
    assert.equal(result.searchedFiles, Object.keys(CONTAINERS).length)
    assert.equal(result.clean, false)
  })

  test('finds a value at every place around the end of a read, plain and packed', async () => {
    const directory = place()
    const secret = new Secret('it', randomBytes(24).toString('base64url'))
    const length = secret.reveal().length
    const edges = [0, 1, 1000, 65536, 262144, 262144 * 2, 262144 * 2 - 4096]
    let files = 0
    for (const edge of edges) {
      for (const shift of [-length - 1, -length, 1 - length, -length >> 1, -1, 0, 1]) {
        const start = edge + shift
        if (start < 0) continue
        const content = Buffer.concat([Buffer.alloc(start, '.'), Buffer.from(secret.reveal()), Buffer.alloc(30, '.')])
        for (const [name, bytes] of [
          ['plain', content],
          ['gz', gzipSync(content)],
          ['zst', zstdCompressSync(content)],
        ] as const) {
          writeFileSync(join(directory, `${start}.${name}`), bytes)
          files++
        }
      }
    }
    const result = await scan(directory, secret)
    // a compressor may leave the value readable: what counts is the place within what was packed
    const decoded = result.findings.filter(finding => !/\.(gz|zst)$/.test(finding.path))
    const expected = readdirSync(directory).map(name => [name, Number.parseInt(name, 10)])
    const actual = decoded.map(({ path, offset }) => [path.slice(directory.length + 1).split('!')[0], offset])
    assert.deepEqual(actual.sort(), expected.sort())
    assert.ok(files > 100)
  })

  test('finds a value that begins in one gzip member or zstd frame and ends in the next', async () => {
    const directory = place()
    const secret = new Secret('it', value())
    const halves = [secret.reveal().slice(0, 11), secret.reveal().slice(11)]
    writeFileSync(join(directory, 'log.gz'), Buffer.concat(halves.map(half => gzipSync(half))))
    writeFileSync(join(directory, 'log.zst'), Buffer.concat(halves.map(half => zstdCompressSync(half))))
    const { findings } = await scan(directory, secret)
    assert.deepEqual(
      findings.map(({ path, offset }) => [path, offset]),
      ['gz', 'zst'].map(suffix => [`${directory}/log.${suffix}!log`, 0]),
    )
  })

  test('is clean over the same containers without the secret', async () => {
    const directory = place()
    for (const [name, pack] of Object.entries(CONTAINERS)) writeFileSync(join(directory, name), pack(randomBytes(5000)))
    const result = await scan(directory, new Secret('it', value()))
    assert.deepEqual(
      { clean: result.clean, findings: result.findings, unsearched: result.unsearched },
      { clean: true, findings: [], unsearched: [] },
    )
  })

  test('agrees with ripgrep on raw values in a tree of binary files', async () => {
    const directory = place()
    const secret = new Secret('it', randomBytes(16).toString('hex'))
    const expected = new Set<string>()
    for (let index = 0; index < 200; index++) {
      const path = join(directory, `d${index % 7}`, `f${index}`)
      mkdirSync(join(path, '..'), { recursive: true })
      const copies = Array.from({ length: index % 3 }, () => [
        randomBytes(index * 13),
        Buffer.from(secret.reveal()),
      ]).flat()
      writeFileSync(path, Buffer.concat([Buffer.of(0), ...copies, randomBytes(99)]))
      if (copies.length > 0) expected.add(path)
    }
    const listed = execFileSync(rgPath, ['-F', '-a', '-l', '-uuu', secret.reveal(), directory], { encoding: 'utf8' })
      .trim()
      .split('\n')
    const raw = (await scan(directory, secret)).findings.filter(finding => finding.form === 'raw')
    assert.deepEqual(new Set(raw.map(finding => finding.path)), new Set(listed))
    assert.deepEqual(new Set(listed), expected)
  })

  test('finds a value in names and link targets, and shows such paths without it', async () => {
    const directory = place()
    const secret = new Secret('it', `ab${randomBytes(8).toString('hex')}/${randomBytes(8).toString('hex')}`)
    const [head, tail] = secret.reveal().split('/') as [string, string]
    mkdirSync(join(directory, head))
    writeFileSync(join(directory, head, tail), 'x')
    writeFileSync(
      join(directory, head, `${tail}.tar.gz`),
      gzipSync(tar(`${secret.reveal()}/deep`, Buffer.from('x'), 'ustar')),
    )
    symlinkSync(`/nowhere/${secret.reveal()}`, join(directory, 'link'))
    const result = await scan(directory, secret)
    assert.deepEqual([...new Set(result.findings.map(finding => finding.where))].sort(), ['content', 'link', 'name'])
    assert.ok(!JSON.stringify(result).includes(tail))
    assert.ok(result.findings.some(finding => finding.path === `${directory}/[secret it]` && finding.where === 'name'))
  })

  test('says nothing that a second search would find', async () => {
    const directory = place()
    const secret = new Secret('it', value())
    const odd = new Secret('odd', randomBytes(12).toString('hex'))
    for (const { name, bytes } of formsOf({ name: 'it', value: secret.reveal() }).forms) {
      if (!bytes.includes(0) && !bytes.includes(0x2f) && bytes.length < 250)
        writeFileSync(join(directory, bytes.toString()), name)
    }
    writeFileSync(join(directory, `${odd.reveal()}.gz`), gzipSync(secret.reveal()).subarray(0, -12))
    writeFileSync(join(directory, `${odd.reveal()}.xz`), Buffer.from('\xfd7zXZ\0', 'latin1'))
    const result = await leakScan.scanPaths({ paths: [directory], secrets: [secret, odd] })
    assert.ok(result.findings.length > 20)
    assert.equal(result.unsearched.length, 2)
    const report = place()
    writeFileSync(join(report, 'result.json'), JSON.stringify(result, null, 2))
    assert.deepEqual((await leakScan.scanPaths({ paths: [report], secrets: [secret, odd] })).findings, [])
  })

  test('names the member that holds the value', async () => {
    const directory = place()
    const secret = new Secret('it', value())
    const inner = gzipSync(tar('etc/app.conf', Buffer.from(`key=${secret.reveal()}`)))
    writeFileSync(join(directory, 'state.tar.gz'), gzipSync(tar('backup/inner.tgz', inner)))
    const { findings } = await scan(directory, secret)
    assert.deepEqual(
      findings.map(({ path, form, where }) => ({ path, form, where })),
      [
        {
          path: `${directory}/state.tar.gz!state.tar!backup/inner.tgz!inner.tar!etc/app.conf`,
          form: 'raw',
          where: 'content',
        },
      ],
    )
  })

  test('lists what it could not look into, each with its reason', async () => {
    const directory = place()
    const secret = new Secret('it', value())
    const packed = gzipSync(randomBytes(100_000))
    const flipped = Buffer.from(tar('a', randomBytes(3000)))
    const damagedHeader = Buffer.concat([flipped.subarray(0, 512 + 3072), Buffer.alloc(512, 'x'), flipped])
    const cases: Record<string, readonly [Buffer, string]> = {
      'truncated.gz': [packed.subarray(0, 60_000), 'damaged'],
      'truncated.zst': [zstdCompressSync(randomBytes(100_000)).subarray(0, 60_000), 'damaged'],
      'truncated.tar': [tar('a', randomBytes(3000)).subarray(0, 2000), 'damaged'],
      'damaged.tar': [damagedHeader, 'damaged'],
      'truncated.zip': [zip({ name: 'a', content: randomBytes(1000) }).subarray(0, 500), 'damaged'],
      'locked.zip': [zip({ name: 'a', content: randomBytes(100), flags: 1 }), 'encrypted'],
      'bzip2.zip': [zip({ name: 'a', content: randomBytes(100), method: 12 }), 'unsupported'],
      'data.age': [Buffer.from('age-encryption.org/v1\n-> X25519'), 'encrypted'],
      'data.xz': [Buffer.from('\xfd7zXZ\0\0', 'latin1'), 'unsupported'],
      'data.bz2': [Buffer.from('BZh91AY&SYxxxx'), 'unsupported'],
      'six.gz': [[1, 2, 3, 4, 5, 6].reduce<Buffer>(content => gzipSync(content), Buffer.from('deep')), 'limit'],
    }
    for (const [name, [bytes]] of Object.entries(cases)) writeFileSync(join(directory, name), bytes)
    const result = await scan(directory, secret)
    for (const [name, [, reason]] of Object.entries(cases)) {
      const entries = result.unsearched.filter(entry => entry.path.startsWith(join(directory, name)))
      assert.deepEqual([...new Set(entries.map(entry => entry.reason))], [reason], name)
    }
    assert.equal(result.clean, false)
  })

  test('finds what a damaged archive still gives', async () => {
    const directory = place()
    const secret = new Secret('it', value())
    const content = Buffer.concat([Buffer.from(secret.reveal()), randomBytes(200_000)])
    writeFileSync(join(directory, 'cut.gz'), gzipSync(content).subarray(0, 100_000))
    const cut = zip({ name: 'a', content, sizeLater: 'signed' }).subarray(0, 150_000)
    writeFileSync(join(directory, 'cut.tar.gz'), gzipSync(tar('a.zip', cut)).subarray(0, 140_000))
    const paths = (await scan(directory, secret)).findings.map(finding => finding.path)
    for (const path of ['cut.gz!cut', 'cut.tar.gz!cut.tar!a.zip!a'])
      assert.ok(paths.includes(join(directory, path)), path)
  })

  test('stops at a bomb and says so, in bounded time and memory', async () => {
    const directory = place()
    const zeros = Buffer.alloc(80 * 2 ** 20)
    writeFileSync(join(directory, 'bomb.zst'), zstdCompressSync(zeros))
    const before = process.memoryUsage.rss()
    const result = await scan(directory, new Secret('it', value()), { maxRatio: 1000 })
    assert.deepEqual(
      result.unsearched.map(entry => entry.reason),
      ['limit'],
    )
    assert.ok(process.memoryUsage.rss() - before < 100 * 2 ** 20)
    for (const limits of [{ maxBytes: 2 ** 20 }, { maxMs: 0 }]) {
      const limited = await scan(directory, new Secret('it', value()), limits).catch((error: unknown) => error)
      if (limited instanceof RunproofError) assert.equal(limited.code, 'NOTHING_SEARCHED')
      else assert.ok((limited as LeakScan).unsearched.some(entry => entry.reason === 'limit'))
    }
  })

  test('reports a file that grows while it is read', async () => {
    const path = join(place(), 'growing.log')
    writeFileSync(path, '')
    truncateSync(path, 80 * 2 ** 20)
    const running = scan(path, new Secret('it', value()))
    appendFileSync(path, 'more')
    const result = await running
    assert.deepEqual(
      result.unsearched.map(entry => entry.reason),
      ['changed'],
    )
    assert.equal(result.clean, false)
  })

  test('reports a file whose bytes it cannot read', { skip: process.platform !== 'linux' }, async () => {
    const directory = place()
    writeFileSync(join(directory, 'readable'), 'x')
    // reading the first page of a process fails even for root
    const paths = [directory, `/proc/${process.pid}/mem`, join(directory, 'missing')]
    const result = await leakScan.scanPaths({ paths, secrets: [new Secret('it', value())] })
    assert.deepEqual(
      result.unsearched.map(({ path, reason, detail }) => [path, reason, detail]),
      [
        [paths[1], 'unreadable', 'EIO on read'],
        [paths[2], 'unreadable', 'ENOENT on lstat'],
      ],
    )
  })

  test('does not follow links out of the path, but follows a path that is a link', async () => {
    const [outside, directory] = [place(), place()]
    const secret = new Secret('it', value())
    writeFileSync(join(outside, 'file'), secret.reveal())
    writeFileSync(join(directory, 'harmless'), 'x')
    symlinkSync(outside, join(directory, 'directory'))
    symlinkSync(join(outside, 'file'), join(directory, 'file'))
    assert.deepEqual((await scan(directory, secret)).findings, [])
    assert.equal((await scan(join(directory, 'directory'), secret)).findings.length, 1)
  })

  test('does not wait at a FIFO', { skip: process.platform === 'win32' }, async () => {
    const directory = place()
    execFileSync('mkfifo', [join(directory, 'pipe')])
    writeFileSync(join(directory, 'file'), 'x')
    const result = await scan(directory, new Secret('it', value()))
    assert.deepEqual([result.searchedFiles, result.specialFiles, result.clean], [1, 1, true])
  })

  test('refuses to pass by searching nothing', async () => {
    const empty = place()
    const code = (wanted: string) => (thrown: unknown) => thrown instanceof RunproofError && thrown.code === wanted
    await assert.rejects(scan(empty, new Secret('it', value())), code('NOTHING_SEARCHED'))
    await assert.rejects(scan(join(empty, 'missing'), new Secret('it', value())), code('NOTHING_SEARCHED'))
    await assert.rejects(
      leakScan.scanPaths({ paths: [], secrets: [new Secret('it', value())] }),
      code('NOTHING_SEARCHED'),
    )
    await assert.rejects(leakScan.scanPaths({ paths: [scratch], secrets: [] }), code('NOTHING_SEARCHED'))
  })

  test('stops when it is interrupted', async () => {
    const path = join(place(), 'big')
    writeFileSync(path, '')
    truncateSync(path, 80 * 2 ** 20)
    const controller = new AbortController()
    const running = leakScan.scanPaths({
      paths: [path],
      secrets: [new Secret('it', value())],
      signal: controller.signal,
    })
    controller.abort()
    await assert.rejects(running, (thrown: unknown) => thrown instanceof RunproofError && thrown.code === 'INTERRUPTED')
  })

  test('counts the findings it does not list', async () => {
    const path = join(place(), 'many')
    const secret = new Secret('it', randomBytes(12).toString('hex'))
    writeFileSync(path, `${secret.reveal()} `.repeat(50))
    const result = await scan(path, secret, { maxFindings: 10 })
    assert.deepEqual([result.findings.length, result.findingsOmitted], [10, 40])
  })
})

describe('a canary', () => {
  test('is found in all four ways it is stored, and gone afterwards', async () => {
    const directory = place()
    writeFileSync(join(directory, 'evidence.json'), '{}')
    const proof = await leakScan.proveSearchWorks(directory)
    assert.deepEqual(proof.missed, [])
    assert.equal(proof.works, true)
    assert.deepEqual(proof.planted, ['plain.txt', 'base64.txt', 'hex.txt', 'archive.tar.gz'])
    assert.deepEqual([proof.scan.clean, proof.scan.searchedFiles, proof.scan.findings], [true, 1, []])
    assert.deepEqual(readdirSync(directory), ['evidence.json'])
  })

  test('proves nothing to a search that does not look into archives', async () => {
    const proof = await leakScan.proveSearchWorks(place(), { limits: { maxDepth: 0 } })
    assert.equal(proof.works, false)
    assert.deepEqual(proof.missed, ['archive.tar.gz'])
  })

  test('leaves the findings of real secrets in the result', async () => {
    const directory = place()
    const secret = new Secret('token', value())
    writeFileSync(join(directory, 'log'), secret.reveal())
    const proof = await leakScan.proveSearchWorks(directory, { secrets: [secret] })
    assert.deepEqual(
      proof.scan.findings.map(({ path, secret: name }) => [path, name]),
      [[join(directory, 'log'), 'token']],
    )
    assert.deepEqual([proof.works, proof.scan.clean, proof.scan.secrets], [true, false, 1])
  })

  test('can carry a known value, so that a leak can be staged', async () => {
    const directory = place()
    const secret = new Secret('master-key', value())
    {
      await using canary = await leakScan.plantCanary(directory, secret)
      const found = new Set((await scan(directory, secret)).findings.map(finding => finding.path.split('!')[0]))
      assert.deepEqual([...found].sort(), [...canary.files].sort())
    }
    assert.deepEqual(readdirSync(directory), [])
  })
})

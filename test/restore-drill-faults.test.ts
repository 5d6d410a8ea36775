import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { archives } from '../src/adapters/archive/archives.ts'
import { manifestText } from '../src/archive/manifest.ts'
import { makeDrillSite } from './drill-site.ts'
import { leftovers, processesNaming, untilEmpty } from './leftovers.ts'
import { checkOf, evidenceOf, runDrill } from './run-drill.ts'

describe('the machine fails the restore drill', { timeout: 400_000 }, async () => {
  const site = await makeDrillSite()
  const { root, given, write } = site
  const mounts: string[] = []
  after(() => {
    for (const place of mounts) spawnSync('umount', [place])
    site[Symbol.dispose]()
  })

  /** A file system of that size, or undefined where none can be mounted. */
  const small = (name: string, size: string) => {
    const place = join(root, name)
    mkdirSync(place, { mode: 0o700 })
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'none', place])
    if (status === 0) mounts.push(place)
    return status === 0 ? place : undefined
  }
  const tree = join(root, 'big')
  cpSync(site.state, tree, { recursive: true, preserveTimestamps: true })
  writeFileSync(join(tree, 'zeros'), Buffer.alloc(3_000_000))
  const big = await archives.create({ sourceDir: tree, archivePath: join(root, 'big.tar.gz'), compression: 'gzip' })
  const bigger = { ...given, 'state-archive': big.archivePath, 'sha256-file': undefined }

  const workDir = small('work', '2M')
  const skip = workDir === undefined && 'mounting a small tmpfs needs root'

  test('the disk is full while an archive is unpacked', { skip }, async () => {
    const ended = await runDrill({ root, params: bigger, workDir: workDir! })
    const { error } = evidenceOf(ended).steps.find(step => step.id === 'unpack')!
    assert.deepEqual([ended.status, error?.code], [3, 'DISK_FULL'], ended.stderr)
    assert.deepEqual(await leftovers(workDir!).then(found => found.filter(one => !one.includes('tmpfs'))), [])
  })

  test('the disk will not hold what the manifest announces, which is told before anything is unpacked', {
    skip,
  }, async () => {
    const manifest = write('big.manifest.json', manifestText(big.manifest))
    const ended = await runDrill({ root, params: { ...bigger, manifest }, workDir: workDir! })
    assert.equal(ended.status, 1, ended.stderr)
    assert.match(checkOf(evidenceOf(ended), 'restore-place').reason!, /bytes free, \d+ are needed/)
    assert.deepEqual(readdirSync(workDir!), [])
  })

  test('the disk is full while the daemon starts', { skip }, async () => {
    const filler = join(workDir!, 'filler')
    writeFileSync(filler, Buffer.alloc(1_900 * 1024))
    const ended = await runDrill({ root, params: given, workDir: workDir! })
    const evidence = evidenceOf(ended)
    const { error } = evidence.steps.find(step => step.id === 'start')!
    assert.deepEqual([ended.status, error?.code], [3, 'DISK_FULL'], ended.stderr)
    assert.deepEqual(readdirSync(workDir!), ['filler'])
    rmSync(filler)
  })

  test('the disk is full while the stand-in is archived: the source starts again, and all is removed', {
    skip,
  }, async () => {
    const place = small('source-work', '30M')!
    // The daemon takes the last byte as it ends, so that the archive, which is next, finds none.
    const binary = write(
      'filling',
      `#!/bin/sh
[ "$1" = serve ] || exec ${site.binary} "$@"
${site.binary} "$@" & daemon=$!
trap 'kill -TERM $daemon; wait $daemon; fallocate --length 29M "$TMPDIR/filler" || head -c 30000000 /dev/zero > "$TMPDIR/filler"; exit 0' TERM
wait $daemon
`,
      0o755,
    )
    const ended = await runDrill({ root, params: { binary }, workDir: place })
    const { error } = evidenceOf(ended).steps.find(step => step.id === 'archive')!
    assert.deepEqual([ended.status, error?.code], [3, 'DISK_FULL'], ended.stderr)
    assert.deepEqual(readdirSync(place), [])
    assert.deepEqual(await untilEmpty(() => processesNaming(place), 3_000), [])
  })

  test('the daemon dies while it is validated: no hang, and no verdict', async () => {
    const binary = write(
      'dying',
      `#!/bin/sh\n[ "$1" = serve ] && exec ${site.binary} "$@" --fault dies-after-ready\nexec ${site.binary} "$@"\n`,
      0o755,
    )
    const began = performance.now()
    const ended = await runDrill({ root, params: { ...given, binary } })
    const evidence = evidenceOf(ended)
    const ran = evidence.steps.filter(step => !['passed', 'skipped'].includes(step.outcome))
    assert.ok(['start', 'validate'].includes(ran[0]!.id), ended.stderr)
    assert.ok([1, 3].includes(ended.status!), ended.stderr)
    assert.deepEqual(
      ran[0]!.checks.filter(check => check.outcome === 'passed' && check.id === 'tokens'),
      [],
    )
    assert.ok(performance.now() - began < 60_000)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })
})

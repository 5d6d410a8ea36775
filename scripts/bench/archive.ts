// Archiving and restoring a tree beside what one would type: tar, zstd, sha256sum. Interleaved, who goes first changes
// every round, and before each timed pass everything written is synced and the page cache warmed. The best round of each
// counts: the kernel's share of one and the same tar -x was seen to vary between 1.5 and 16 s on a virtual machine. Ours
// runs in a fresh process each time, so that its peak memory is its own.
import { execFileSync, spawn } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { archives } from '../../src/adapters/archive/archives.ts'
import { manifestText, parseManifest } from '../../src/archive/manifest.ts'

const MEBIBYTE = 2 ** 20

export interface ArchiveBench {
  readonly files: number
  readonly sizeBytes: number
  readonly archive: Contest
  readonly restore: Contest
  /** Of this process and its children together while ours ran. */
  readonly peakBytes: number
}

export interface Contest {
  readonly oursMs: number
  readonly theirsMs: number
  /** Below 1 we are faster. */
  readonly ratio: number
}

/**
 * @param files - number of files, spread over 200 folders
 * @param sizeBytes - of all of them, about; a fifth is random, the rest log text
 */
export async function benchArchive(options: {
  files: number
  sizeBytes: number
  rounds: number
}): Promise<ArchiveBench> {
  const scratch = mkdtempSync(join(tmpdir(), 'bench-archive-'))
  try {
    const tree = join(scratch, 'tree')
    const sizeBytes = makeTree(tree, options.files, options.sizeBytes)
    const times = {
      create: [] as number[],
      theirCreate: [] as number[],
      restore: [] as number[],
      theirRestore: [] as number[],
    }
    let peakBytes = 0
    for (let round = 0; round < options.rounds; round++) {
      const ours = async () => {
        const created = await fresh(scratch, 'create')
        const restored = await fresh(scratch, 'restore')
        times.create.push(created.ms)
        times.restore.push(restored.ms)
        peakBytes = Math.max(peakBytes, created.peakBytes, restored.peakBytes)
      }
      const their = async () => {
        times.theirCreate.push(await timed(() => shell(scratch, THEIR_CREATE), scratch))
        times.theirRestore.push(await timed(() => shell(scratch, THEIR_RESTORE), scratch))
      }
      for (const contender of round % 2 === 0 ? [ours, their] : [their, ours]) {
        await contender()
        await shell(scratch, CLEAR)
      }
    }
    return {
      files: options.files,
      sizeBytes,
      archive: contest(times.create, times.theirCreate),
      restore: contest(times.restore, times.theirRestore),
      peakBytes,
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

const WARM = 'sync; tar -c -C tree . | cat > /dev/null'
const CLEAR = 'rm -rf ours* theirs* our-tree their-tree'
const THEIR_CREATE = `tar -c -C tree . | zstd -q -f -3 -T2 -o theirs.tar.zst
  (cd tree && find . -type f -print0 | xargs -0 sha256sum) > theirs.files && sha256sum theirs.tar.zst > theirs.digest`
const THEIR_RESTORE = `sha256sum --quiet -c theirs.digest
  mkdir their-tree && zstd -q -d -c theirs.tar.zst | tar -x -C their-tree
  (cd their-tree && sha256sum --quiet -c ../theirs.files)`

async function shell(scratch: string, script: string): Promise<void> {
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: scratch,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`a shell script ended with exit code ${code}`)
}

interface Measured {
  readonly ms: number
  readonly peakBytes: number
}

async function fresh(scratch: string, part: 'create' | 'restore'): Promise<Measured> {
  await shell(scratch, WARM)
  return JSON.parse(execFileSync(process.execPath, [import.meta.filename, part, scratch], { encoding: 'utf8' }))
}

async function ourCreate(scratch: string): Promise<void> {
  const { manifest } = await archives.create({
    sourceDir: join(scratch, 'tree'),
    archivePath: join(scratch, 'ours.tar.zst'),
  })
  writeFileSync(join(scratch, 'ours.manifest'), manifestText(manifest))
}

async function ourRestore(scratch: string): Promise<void> {
  const archivePath = join(scratch, 'ours.tar.zst')
  const into = join(scratch, 'our-tree')
  const manifest = parseManifest(readFileSync(join(scratch, 'ours.manifest'), 'utf8'), 'ours.manifest')
  const { sha256 } = await archives.digestFile(archivePath)
  const unpacked = await archives.unpack({
    open: () => createReadStream(archivePath, { highWaterMark: MEBIBYTE }),
    name: archivePath,
    into,
  })
  if (unpacked.sha256 !== sha256) throw new Error('the archive changed between two readings')
  const { extra, missing, changed } = await archives.compareTree({ directory: into, manifest })
  const differences = extra.length + missing.length + changed.length
  if (differences > 0) throw new Error(`${differences} differences in a tree that was only packed and unpacked`)
}

async function timed(work: () => Promise<void>, scratch?: string): Promise<number> {
  if (scratch !== undefined) await shell(scratch, WARM)
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function measured(work: () => Promise<void>): Promise<Measured> {
  let peakBytes = residentBytes()
  const sampler = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes())
  }, 50)
  const ms = await timed(work)
  clearInterval(sampler)
  return { ms, peakBytes: Math.max(peakBytes, residentBytes(), process.resourceUsage().maxRSS * 1024) }
}

/** This process and its direct children; setpriv becomes the program it starts, so there are no others. */
function residentBytes(): number {
  const children = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  let kibibytes = process.memoryUsage.rss() / 1024
  for (const pid of children) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'latin1')
      if (!status.includes(`\nPPid:\t${process.pid}\n`)) continue
      kibibytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
    } catch {
      // it ended while we looked
    }
  }
  return kibibytes * 1024
}

function contest(ours: number[], others: number[]): Contest {
  const oursMs = Math.min(...ours)
  const theirsMs = Math.min(...others)
  return { oursMs, theirsMs, ratio: oursMs / theirsMs }
}

function makeTree(directory: string, files: number, sizeBytes: number): number {
  let seed = 1
  const random = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return seed
  }
  const line = () =>
    `2026-11-22T04:00:00.${random() % 1000}Z INFO request=${random().toString(16)} path=/v1/sessions/${random() % 5000} status=${200 + (random() % 5)}\n`
  const log = Buffer.from(Array.from({ length: 6000 }, line).join(''))
  const average = sizeBytes / files
  let total = 0
  mkdirSync(directory)
  for (let index = 0; index < files; index++) {
    const folder = join(directory, `d${index % 200}`)
    if (index < 200) mkdirSync(folder)
    const size = Math.floor(average * (0.2 + (1.6 * (random() % 1000)) / 1000))
    const bytes = index % 5 === 0 ? randomBytes(index, size) : textBytes(log, random() % log.length, index, size)
    writeFileSync(join(folder, `f${index}`), bytes)
    total += size
  }
  return total
}

function randomBytes(seed: number, size: number): Buffer {
  const iv = Buffer.alloc(16)
  iv.writeUInt32BE(seed)
  return createCipheriv('aes-256-ctr', Buffer.alloc(32), iv).update(Buffer.alloc(size))
}

function textBytes(log: Buffer, offset: number, index: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let at = 0, from = offset; at < size; from = 0) at += log.copy(bytes, at, from)
  bytes.write(String(index))
  return bytes
}

const [part, scratchOfPart] = process.argv.slice(2)
if (import.meta.main && part !== undefined) {
  const result = await measured(() => (part === 'create' ? ourCreate(scratchOfPart!) : ourRestore(scratchOfPart!)))
  process.stdout.write(JSON.stringify(result))
} else if (import.meta.main) {
  const { files, sizeBytes, archive, restore, peakBytes } = await benchArchive({
    files: 20_000,
    sizeBytes: 1024 * MEBIBYTE,
    rounds: 4,
  })
  const seconds = (ms: number) => (ms / 1000).toFixed(2)
  const show = (title: string, { oursMs, theirsMs, ratio }: Contest) =>
    process.stdout.write(
      `${title}: ours ${seconds(oursMs)} s, theirs ${seconds(theirsMs)} s, ratio ${ratio.toFixed(2)}\n`,
    )
  process.stdout.write(`${files} files, ${(sizeBytes / MEBIBYTE).toFixed(0)} MiB; best of 4, interleaved\n`)
  show('archive + manifest + digests / tar | zstd -3 -T2, sha256sum of files and archive', archive)
  show('verify + unpack + compare / sha256sum -c, zstd -d | tar -x, sha256sum -c of files', restore)
  process.stdout.write(`peak memory of ours with its children: ${(peakBytes / MEBIBYTE).toFixed(0)} MiB\n`)
}

import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Header } from 'tar'
import type { Canary } from '../../model/leak-scan.ts'
import { Secret } from '../../model/secret.ts'

/** Plants a value in a directory of its own below `directory`, in four ways; see {@link Canary}. */
export async function plantCanary(directory: string, secret: Secret = freshCanary()): Promise<Canary> {
  const nest = await mkdtemp(join(resolve(directory), '.canary-'))
  const remove = () => rm(nest, { recursive: true, force: true })
  try {
    const value = secret.reveal()
    const files: string[] = []
    for (const [name, content] of [
      ['plain.txt', `value: ${value}\n`],
      ['base64.txt', `value: ${Buffer.from(`${basename(nest)}:${value}\n`).toString('base64')}\n`],
      ['hex.txt', `value: ${Buffer.from(value).toString('hex')}\n`],
      ['archive.tar.gz', gzipSync(tarOf('inside.txt', Buffer.from(`value: ${value}\n`)))],
    ] as const) {
      const path = join(nest, name)
      await using file = await open(path, 'wx', 0o600)
      await file.writeFile(content)
      files.push(path)
    }
    return { secret, files, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

function freshCanary(): Secret {
  return new Secret('canary', randomBytes(24).toString('base64url'))
}

function tarOf(name: string, content: Buffer): Buffer {
  const header = new Header({ path: name, mode: 0o600, size: content.length, type: 'File', mtime: new Date(0) })
  const block = Buffer.alloc(512)
  header.encode(block)
  return Buffer.concat([block, content, Buffer.alloc(512 - (content.length % 512)), Buffer.alloc(1024)])
}

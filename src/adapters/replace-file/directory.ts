import { constants } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

const { O_DIRECTORY, O_RDONLY } = constants

/**
 * A directory that stays the one it was, whatever happens to its path: names in it are reached through its descriptor.
 *
 * @see proc_pid_fd(5)
 */
export class Directory implements AsyncDisposable {
  readonly #handle: FileHandle

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** The one that holds `path`; links on the way to it are followed. */
  static async of(path: string): Promise<Directory> {
    return Directory.open(dirname(path))
  }

  static async open(path: string): Promise<Directory> {
    return new Directory(await open(path, O_RDONLY | O_DIRECTORY))
  }

  at(name: string): string {
    return `/proc/self/fd/${this.#handle.fd}/${name}`
  }

  /** Whether a file in it was reached without another mount in between: one file may be mounted over another. */
  async isOnMountOf(file: FileHandle): Promise<boolean> {
    return (await mountOf(this.#handle)) === (await mountOf(file))
  }

  /** A rename is durable only when the directory that holds the new name is on disk. */
  sync(): Promise<void> {
    return this.#handle.sync()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }
}

/** @see proc_pid_fdinfo(5) */
async function mountOf({ fd }: FileHandle): Promise<string | undefined> {
  return /^mnt_id:\s*(\d+)$/m.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]
}

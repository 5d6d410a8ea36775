import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Removes a directory with everything in it; none there is fine. Restored data and overlayfs have directories their own
 * owner may not list, and only root's `rm -r` gets through those as they are.
 *
 * @throws the system's error when something stays
 */
export async function removeTree(dir: string): Promise<void> {
  try {
    await rm(dir, { recursive: true, force: true })
  } catch {
    await openUp(dir)
    await rm(dir, { recursive: true, force: true })
  }
}

async function openUp(dir: string): Promise<void> {
  await chmod(dir, 0o700)
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) await openUp(join(dir, entry.name))
  }
}

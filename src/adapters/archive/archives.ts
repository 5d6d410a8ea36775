import type { ArchivePort } from '../../model/archive.ts'
import { alteredStream } from './altered-stream.ts'
import { addFile, dropFile, replaceFile, widenMode } from './break-copy.ts'
import { compareTree } from './compare-tree.ts'
import { linkedCopy } from './copy-by-cp.ts'
import { copyTree } from './copy-tree.ts'
import { createArchive } from './create.ts'
import { describeTree } from './describe-tree.ts'
import { fetchArchive } from './fetch.ts'
import { digestFile } from './file-digest.ts'
import { keepsOwners } from './gnu-tar.ts'
import { readArchive } from './read-archive.ts'
import { unpackArchive } from './unpack.ts'

/** The archive port on this machine: GNU tar to write and extract, our own reader to judge. */
export const archives: ArchivePort = {
  create: createArchive,
  fetch: fetchArchive,
  inspect: options => readArchive(options),
  unpack: options => unpackArchive(options),
  describeTree,
  compareTree,
  digestFile,
  copyTree,
  linkedCopy,
  replaceFile,
  addFile,
  dropFile,
  widenMode,
  alteredStream,
  keepsOwners,
}

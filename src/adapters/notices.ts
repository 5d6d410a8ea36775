import { join } from 'node:path'
import type { Files } from '../model/files.ts'
import type { Notices } from '../model/notices.ts'

/** One private file a notice, in a directory that is made with the first one. */
export function noticesIn(directory: string, files: Files): Notices {
  const place = (id: string) => join(directory, id)
  return {
    async put(id, text) {
      await files.makeDirectory(directory)
      await files.write(place(id), text)
    },
    has: async id => (await files.facts(place(id))) !== undefined,
    place,
    remove: id => files.remove(place(id)),
  }
}

import type { ReplaceFile, ReplaceStyle } from '../../model/replace-file.ts'
import { rehearseByRename, replaceByRename } from './by-rename.ts'
import { rehearseBehindLink, replaceBehindLink } from './data-link.ts'
import { notReplaced, UNCHANGED } from './explain.ts'
import { rehearseInPlace, replaceInPlace } from './in-place.ts'

/** The real file system. */
export const replaceFile: ReplaceFile = {
  replace(path, content, style, expected) {
    switch (style) {
      case 'rename':
        return replaceByRename(path, content, expected)
      case 'in-place':
        return replaceInPlace(path, content, expected)
      case 'data-link':
        return replaceBehindLink(path, content, expected)
    }
  },

  async rehearse(path, style) {
    try {
      await REHEARSALS[style](path)
    } catch (thrown) {
      throw notReplaced(thrown, path, style, UNCHANGED)
    }
  },
}

const REHEARSALS: Readonly<Record<ReplaceStyle, (path: string) => Promise<void>>> = {
  rename: rehearseByRename,
  'in-place': rehearseInPlace,
  'data-link': rehearseBehindLink,
}

import type { ReplaceFile } from '../../model/replace-file.ts'
import { replaceByRename } from './by-rename.ts'
import { replaceBehindLink } from './data-link.ts'
import { replaceInPlace } from './in-place.ts'

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
}

/** Replaces the file of the first argument in the style of the second one until it is killed. */
import type { ReplaceStyle } from '../../../model/replace-file.ts'
import { Secret } from '../../../model/secret.ts'
import { replaceFile } from '../replace-file.ts'

const [path, style] = process.argv.slice(2) as [string, ReplaceStyle]
process.stdout.write('replacing\n')
for (let turn = 0; ; turn += 1)
  await replaceFile.replace(path, new Secret('token', `token-${turn % 2}-`.repeat(8)), style)

import { type ArgumentCheck, all, inSeconds, options, positive, problem } from './forms.ts'
import { isNumber, isOffset, isSize, isTime } from './values.ts'

export const zone: ArgumentCheck = args => {
  const given = args.find(arg => arg.startsWith('zone='))
  if (given === undefined) return 'it needs "zone=NAME:SIZE"'
  const [name, size] = given.slice('zone='.length).split(':')
  return problem(
    !name || name.includes('\0') || size === undefined || !isSize(size),
    'the zone must be like zone=NAME:10m',
  )
}

export const cachePath: ArgumentCheck = all(
  options(
    1,
    {
      levels: text => /^[12](?::[12]){0,2}$/.test(text),
      use_temp_path: text => text === 'on' || text === 'off',
      keys_zone: text => /^[^:]+:/.test(text) && isSize(text.slice(text.indexOf(':') + 1)),
      inactive: inSeconds,
      max_size: isOffset,
      min_free: isOffset,
      manager_files: isNumber,
      manager_sleep: isTime,
      manager_threshold: isTime,
      loader_files: isNumber,
      loader_sleep: isTime,
      loader_threshold: isTime,
      purger: text => text === 'on' || text === 'off',
      purger_files: isNumber,
      purger_sleep: isTime,
      purger_threshold: isTime,
    },
    [],
  ),
  args => problem(!args.some(arg => arg.startsWith('keys_zone=')), 'it needs "keys_zone=NAME:SIZE"'),
)

export const temporaryPath: ArgumentCheck = args =>
  problem(!args.slice(1).every(positive), 'after the path follow the lengths of directory names, such as 1 2')

export const cacheOfFiles: ArgumentCheck = all(
  options(0, { max: positive, inactive: inSeconds, min_uses: positive, valid: inSeconds }, ['off']),
  args => problem(!args.includes('off') && !args.some(arg => arg.startsWith('max=')), 'it needs "max=", or "off"'),
)

export const cacheValid: ArgumentCheck = args => {
  if (!isTime(args.at(-1)!, 'seconds')) return 'the last argument must be a time'
  return problem(
    !args.slice(0, -1).every(code => code === 'any' || (isNumber(code) && Number(code) >= 100 && Number(code) <= 599)),
    'every code must be from 100 to 599, or "any"',
  )
}

export const sessionCache: ArgumentCheck = args =>
  problem(
    !args.every(arg => {
      if (arg === 'off' || arg === 'none' || arg === 'builtin') return true
      if (arg.startsWith('builtin:')) return positive(arg.slice('builtin:'.length))
      const [shared, name, size, ...more] = arg.split(':')
      return (
        shared === 'shared' &&
        !!name &&
        size !== undefined &&
        isSize(size) &&
        parseInt(size, 10) > 0 &&
        more.length === 0
      )
    }),
    'it must be off, none, builtin, or like shared:NAME:10m',
  )

export const poolSize: ArgumentCheck = ([text = '']) =>
  problem(
    isNumber(text) && (Number(text) < 112 || Number(text) % 16 !== 0),
    'it must be at least 112 and a multiple of 16',
  )

export const powerOf2 =
  (most: number): ArgumentCheck =>
  ([text = '']) => {
    const size = parseInt(text, 10) * (/k$/i.test(text) ? 1024 : /m$/i.test(text) ? 2 ** 20 : 1)
    return problem(
      size < 512 || size > most || Math.log2(size) % 1 !== 0,
      `it must be 512, 1k, 2k and so on up to ${most / 1024}k`,
    )
  }

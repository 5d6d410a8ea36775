import { type ArgumentCheck, anything, options, problem } from './forms.ts'
import { isSize, isTime } from './values.ts'

const LOG_LEVELS = ['debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg']
const DEBUG_LEVELS = ['core', 'alloc', 'mutex', 'event', 'http', 'mail', 'stream'].map(name => `debug_${name}`)
export const logLevels: ArgumentCheck = args =>
  problem(
    !args.slice(1).every(level => [...LOG_LEVELS, ...DEBUG_LEVELS].includes(level)),
    `the level must be one of ${LOG_LEVELS.join(', ')}`,
  )

export const accessLog: ArgumentCheck = (args, place) => {
  if (args[0] === 'off') return problem(args.length > 1, 'nothing follows "off"')
  return options(2, { buffer: isSize, flush: isTime, gzip: level => /^[1-9]$/.test(level), if: anything }, ['gzip'])(
    args,
    place,
  )
}

export const random: ArgumentCheck = ([choice, method]) =>
  problem(
    (choice !== undefined && choice !== 'two') ||
      (method !== undefined && !/^least_(?:conn|time(?:=.*)?)$/.test(method)),
    'it may be followed by "two" and a method such as least_conn',
  )

export const browser: ArgumentCheck = ([name = '', version]) => {
  if (version === undefined) return problem(name !== 'unlisted', 'the name of a browser is followed by its version')
  if (!['msie', 'gecko', 'opera', 'safari', 'konqueror'].includes(name)) return 'there is no such browser'
  return problem(!/^\d+(?:\.\d+){0,3}$/.test(version), 'it is no version such as 5.0')
}

export const referers: ArgumentCheck = args => {
  if (args.includes('')) return 'a referer is empty'
  const names = args.filter(arg => !/^(?:none|blocked|server_names|~.*)$/s.test(arg)).map(arg => arg.toLowerCase())
  return problem(new Set(names).size < names.length, 'a referer is written twice')
}

export const cpuAffinity: ArgumentCheck = args => {
  const masks = args[0] === 'auto' ? args.slice(1) : args
  return problem(!masks.every(mask => /^[01 ]*$/.test(mask)), 'it must be "auto" or masks of 0 and 1')
}

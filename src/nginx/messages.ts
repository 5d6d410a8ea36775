import type { NginxCopy, NginxMessage } from '../model/nginx.ts'
import { placeOf } from './invalid.ts'

const LINE = /^(?:nginx: |\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )\[(\w+)\] (?:\d+#\d+: )?(?:\*\d+ )?(.*)$/
/**
 * What is so only of the copy: a worker of root may not change its groups, which are the ones it has, nor have more files than
 * it is given, and certificates that were made for it name nobody who could be asked about them.
 */
const EXPECTED =
  /^initgroups\(root, 0\) failed \(1: |^setrlimit\(RLIMIT_NOFILE, \d+\) failed \(1: |^"ssl_stapling" ignored, .*\bleaf\.pem"/

/**
 * What nginx wrote, with the places of the original in place of the copy's.
 *
 * @param output - of `nginx -t`, or its error log
 * @param directory - where the copy lies
 */
export function readMessages(output: string, copy: Pick<NginxCopy, 'original'>, directory: string): NginxMessage[] {
  return output.split('\n').flatMap(line => {
    const [, level, said] = LINE.exec(line) ?? []
    if (said === undefined || EXPECTED.test(said)) return []
    const begin = ` in ${directory}/`
    const place = said.lastIndexOf(begin)
    const [, name, number] = (place === -1 ? null : /^(.*):(\d+)$/.exec(said.slice(place + begin.length))) ?? []
    const what = name === undefined ? said : said.slice(0, place)
    const at = name === undefined ? undefined : copy.original(name, Number(number), what)
    const text = what.replaceAll(`${directory}/`, '')
    return [{ level: level as NginxMessage['level'], text, ...(at === undefined ? {} : { at }) }]
  })
}

/** One line for people. */
export function sayMessage({ level, text, at }: NginxMessage): string {
  return `${at === undefined ? '' : `${placeOf(at)}: `}${level}: ${text}`
}

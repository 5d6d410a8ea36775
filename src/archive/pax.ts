import { damaged, tooBig } from './tar-fault.ts'

/** More records than any real file has; each costs a Map entry. */
const MAX_RECORDS = 10_000

/**
 * The records of a pax extended header, each `LENGTH KEYWORD=VALUE\n` with LENGTH counting the whole record.
 * Keywords are byte strings, values stay bytes since attributes may hold any.
 *
 * @throws RunproofError ARCHIVE_UNREADABLE on a wrong length, a missing part, or a keyword given twice, which readers resolve differently
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */
export function readPaxRecords(bytes: Buffer, position: number): Map<string, Buffer> {
  const records = new Map<string, Buffer>()
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const digits = space < 0 || space - at > 10 ? '' : bytes.toString('latin1', at, space)
    const length = /^[1-9]\d*$/.test(digits) ? Number(digits) : 0
    const end = at + length
    if (length < digits.length + 4 || end > bytes.length || bytes[end - 1] !== 0x0a) {
      throw damaged(position, 'a pax record with a wrong length')
    }
    const equals = bytes.indexOf(0x3d, space)
    if (equals < 0 || equals >= end || equals === space + 1) throw damaged(position, 'a pax record without a keyword')
    const keyword = bytes.toString('latin1', space + 1, equals)
    if (records.has(keyword)) throw damaged(position, `pax keyword ${JSON.stringify(keyword)} given twice`)
    if (records.size === MAX_RECORDS) throw tooBig(position, `more than ${MAX_RECORDS} pax records`)
    records.set(keyword, Buffer.from(bytes.subarray(equals + 1, end - 1)))
    at = end
  }
  return records
}

export function writePaxRecords(records: Iterable<readonly [string, Buffer]>): Buffer {
  return Buffer.concat(Array.from(records, ([keyword, value]) => writePaxRecord(keyword, value)))
}

function writePaxRecord(keyword: string, value: Buffer): Buffer {
  const rest = keyword.length + value.length + 3
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length = rest + String(length).length
  return Buffer.concat([Buffer.from(`${length} ${keyword}=`, 'latin1'), value, Buffer.from('\n')])
}
